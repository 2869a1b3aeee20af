/**
 * Who may come in: how many at a time. Who is not known yet waits in unauthenticated.ts.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";

/** Counts sessions. */
export class Admission {
  readonly #max: number;
  #sessions = 0;
  #closed = false;
  #empty = Promise.withResolvers<void>();

  /**
   * Makes a count.
   *
   * @param max Sessions at a time.
   */
  constructor(max: number) {
    this.#max = max;
    this.#empty.resolve();
  }

  /** Resolves when no session is under way. */
  get empty(): Promise<void> {
    return this.#empty.promise;
  }

  /**
   * Begins a session.
   *
   * @throws {TransferError} `rejected` and retriable when there is no room, or
   * nobody is let in any more.
   */
  enter(): void {
    if (this.#closed) {
      throw new TransferError(
        "rejected",
        "Cannot take a session: the receiver is stopping",
        { retriable: true },
      );
    }
    if (this.#sessions >= this.#max) {
      throw new TransferError(
        "rejected",
        `Cannot take a session: the receiver is busy with ${this.#max} others`,
        { retriable: true },
      );
    }
    if (this.#sessions++ === 0) this.#empty = Promise.withResolvers();
  }

  /** Ends a session. */
  leave(): void {
    if (--this.#sessions === 0) this.#empty.resolve();
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#closed = true;
  }
}
