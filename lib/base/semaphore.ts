/**
 * A limit that many share: on the memory for buffers, on open files.
 *
 * @module
 */

import { onAbort } from "./abort.ts";
import { TransferError } from "./errors.ts";

/**
 * Longest wait for units, in milliseconds: others may be receiving large files.
 * Heartbeats keep the waiting connection alive, so this must end the wait. A
 * guess.
 */
const PATIENCE_MS = 300_000;

/** How long to wait for units. */
export interface WaitOptions {
  /** Longest wait in milliseconds. @default {300_000} */
  patience?: number;
  /** Ends the wait. */
  signal?: AbortSignal;
}

/**
 * A number of units, given out in the order in which they were asked for.
 */
export class Semaphore {
  readonly #units: number;
  #free: number;
  readonly #waiting: { units: number; go: () => void }[] = [];

  /**
   * Makes a semaphore.
   *
   * @param units How many units there are.
   */
  constructor(units: number) {
    this.#units = units;
    this.#free = units;
  }

  /**
   * Waits until units are free and takes them.
   *
   * On abort: the wait ends with the signal's reason, and nothing was taken.
   *
   * @param units How many.
   * @param options The longest wait in milliseconds, and what ends it.
   * @throws {RangeError} When there are fewer units in all: this call, and
   * every one after it, would wait for ever.
   * @throws {TransferError} `rejected` and retriable when too few units were
   * released in time.
   */
  async acquire(
    units: number,
    { patience = PATIENCE_MS, signal }: WaitOptions = {},
  ): Promise<void> {
    signal?.throwIfAborted();
    if (units > this.#units) {
      throw new RangeError(`Cannot take ${units} of ${this.#units} units`);
    }
    if (this.#waiting.length === 0 && units <= this.#free) {
      this.#free -= units;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const turn = { units, go: resolve };
    this.#waiting.push(turn);
    const leave = (why: unknown) => {
      const at = this.#waiting.indexOf(turn);
      if (at < 0) return; // its turn came at this very moment
      this.#waiting.splice(at, 1);
      reject(why);
      this.release(0); // a smaller one behind it may have its turn now
    };
    const timer = setTimeout(() => leave(tooBusy()), patience);
    using _ = onAbort(signal, () => leave(signal!.reason));
    await promise.finally(() => clearTimeout(timer));
  }

  /** Whether a call waits for units. */
  get contended(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Gives units back.
   *
   * @param units As many as were taken.
   */
  release(units: number): void {
    this.#free += units;
    for (let next; (next = this.#waiting[0]) && next.units <= this.#free;) {
      this.#waiting.shift();
      this.#free -= next.units;
      next.go();
    }
  }
}

function tooBusy(): TransferError {
  return new TransferError(
    "rejected",
    { doing: "go on", found: "the receiver is busy with others" },
    { retriable: true },
  );
}
