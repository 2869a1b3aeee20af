/**
 * One rule for callbacks that fail, whoever calls them.
 *
 * A callback reports something that has happened. What it throws or rejects
 * with cannot undo that and does not stop the operation that called it. The
 * first such error is kept and thrown when the operation is over. It waits for
 * the promises that callbacks returned, until it is aborted.
 *
 * @module
 */

import { onAbort } from "./abort.ts";
import { reasonOf, TransferError } from "./errors.ts";
import { TaskGroup } from "./task_group.ts";

/** Calls the callbacks of one operation and keeps the first error. */
export class CallbackGuard {
  readonly #running = new TaskGroup();
  #failure: TransferError | undefined;
  #reporting = false;

  /**
   * Calls a callback, now. Never throws.
   *
   * @param doing What could not be done if it fails, for the message: "report
   * the progress".
   * @param callback Calls it, and returns what it returns: a promise is awaited
   * by {@linkcode settled}.
   */
  call(doing: string, callback: () => unknown): void {
    try {
      const result = callback();
      if (isThenable(result)) this.#add(doing, result);
    } catch (error) {
      this.#keep(doing, error);
    }
  }

  /**
   * Calls a callback that reports progress, unless the promise that the last
   * report returned is pending: the next report says more, and one promise at
   * most is kept. Never throws.
   *
   * @param doing What could not be done if it fails, for the message.
   * @param callback Calls it, and returns what it returns.
   */
  report(doing: string, callback: () => unknown): void {
    if (this.#reporting) return;
    this.call(doing, () => {
      const result = callback();
      if (!isThenable(result)) return;
      this.#reporting = true;
      return Promise.resolve(result).finally(() => this.#reporting = false);
    });
  }

  /**
   * Waits until every promise that a callback returned has settled. Never
   * rejects. Without an abort the wait has no bound: how long a callback takes
   * is its owner's choice.
   *
   * On abort: resolves at once; what has not settled is left to itself, and an
   * error of it is dropped.
   *
   * @param signal Ends the wait.
   */
  async settled(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const aborted = Promise.withResolvers<void>();
    using _ = onAbort(signal, aborted.resolve);
    await Promise.race([this.#running.allDone(), aborted.promise]);
  }

  /**
   * Throws if a callback failed.
   *
   * @throws {TransferError} `internal`, with what the first one threw as its
   * cause.
   */
  rethrow(): void {
    if (this.#failure) throw this.#failure;
  }

  #add(doing: string, result: PromiseLike<unknown>): void {
    this.#running.add(
      Promise.resolve(result).catch((error) => this.#keep(doing, error)),
    );
  }

  #keep(doing: string, cause: unknown): void {
    this.#failure ??= new TransferError(
      "internal",
      { doing, found: reasonOf(cause) },
      { cause },
    );
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}
