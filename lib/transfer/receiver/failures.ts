/**
 * The failures of single entries: all are counted, some are kept.
 *
 * @module
 */

import { together, type TransferError } from "../../base/errors.ts";

/** Failures that are kept: a peer can make any number of entries fail. */
const MAX_KEPT = 100;

/** Collects failures. */
export class Failures {
  readonly #kept: TransferError[] = [];
  #count = 0;

  /** Counts a failure, and keeps it while there are few. */
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
