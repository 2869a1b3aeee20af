/**
 * Who may come in: how many at a time, and how many of them unknown.
 *
 * @module
 */

import { TransferError } from "./errors.ts";

/**
 * Connections that have not said HELLO yet, at most. Each costs a descriptor
 * and about a kilobyte, for ten seconds; more are closed unheard.
 */
const MAX_STRANGERS = 4_096;

/** How many of them may come from one address: others must get in beside it. */
const MAX_STRANGERS_OF_ONE = 3_072;

/** Counts strangers and sessions. */
export class Admission {
  readonly #max: number;
  readonly #strangers = new Map<string, number>();
  #unknown = 0;
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

  /** Whether a session is under way. */
  get busy(): boolean {
    return this.#sessions > 0;
  }

  /** Resolves when no session is under way. */
  get empty(): Promise<void> {
    return this.#empty.promise;
  }

  /**
   * Somebody unknown is at the door.
   *
   * @param host Where from.
   * @returns Whether there is room to listen to it.
   */
  knock(host: string): boolean {
    const same = this.#strangers.get(host) ?? 0;
    const full = this.#unknown >= MAX_STRANGERS || same >= MAX_STRANGERS_OF_ONE;
    if (full) return false;
    this.#strangers.set(host, same + 1);
    this.#unknown++;
    return true;
  }

  /**
   * Somebody unknown became known, or left.
   *
   * @param host Where from.
   */
  leave(host: string): void {
    this.#unknown--;
    const same = this.#strangers.get(host)! - 1;
    if (same > 0) this.#strangers.set(host, same);
    else this.#strangers.delete(host);
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
  exit(): void {
    if (--this.#sessions === 0) this.#empty.resolve();
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#closed = true;
  }
}
