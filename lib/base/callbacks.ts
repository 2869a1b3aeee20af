/**
 * One rule for callbacks that fail, whoever calls them.
 *
 * A callback reports something that has happened. What it throws or rejects
 * with cannot undo that and does not stop the operation that called it. The
 * first such error is kept and thrown when the operation is over.
 *
 * @module
 */

import { reasonOf, TransferError } from "./errors.ts";
import { TaskGroup } from "./task_group.ts";

/** Calls the callbacks of one operation and keeps the first error. */
export class CallbackGuard {
  readonly #running = new TaskGroup();
  #failure: TransferError | undefined;

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
      if (!isThenable(result)) return;
      this.#running.add(
        Promise.resolve(result).catch((error) => this.#keep(doing, error)),
      );
    } catch (error) {
      this.#keep(doing, error);
    }
  }

  /**
   * Waits until every promise that a callback returned has settled. Never
   * rejects, and has no bound: how long a callback takes is its owner's choice.
   */
  async settled(): Promise<void> {
    await this.#running.allDone();
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
