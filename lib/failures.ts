/**
 * What went wrong with single entries: all of it counted, some of it kept.
 *
 * @module
 */

import { together, type TransferError } from "./errors.ts";

/** Kept in full: a peer can have any number of entries fail. */
const MAX_KEPT = 100;

/** Collects failures. */
export class Failures {
  readonly #kept: TransferError[] = [];
  #count = 0;

  /** Takes one in. */
  add(failure: TransferError): void {
    this.#count++;
    if (this.#kept.length < MAX_KEPT) this.#kept.push(failure);
  }

  /**
   * Throws if there were any.
   *
   * @throws {TransferError} One for all, with the first ones in `errors`.
   */
  rethrow(): void {
    if (this.#count > 0) throw together(this.#kept, this.#count);
  }
}
