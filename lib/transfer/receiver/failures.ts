/**
 * What went wrong with single entries: all of it counted, some of it kept.
 *
 * @module
 */

import {
  asTransferError,
  together,
  type TransferError,
} from "../../base/errors.ts";
import { TaskGroup } from "../../base/task_group.ts";

/** Kept in full: a peer can have any number of entries fail. */
const MAX_KEPT = 100;

/** Collects failures. */
export class Failures {
  readonly #kept: TransferError[] = [];
  readonly #telling = new TaskGroup();
  #count = 0;

  /** Takes one in. */
  add(failure: TransferError): void {
    this.#count++;
    if (this.#kept.length < MAX_KEPT) this.#kept.push(failure);
  }

  /**
   * Tells our own side. What it makes of it does not undo a delivery.
   *
   * @param doing What it is told, for the message: "tell how far".
   * @param act Tells it; what this throws or rejects with is a failure like any
   * other.
   * @returns Whether all went well; never rejects.
   */
  guard(doing: string, act: () => unknown): Promise<boolean> {
    const telling = this.#guard(doing, act);
    this.#telling.add(telling);
    return telling;
  }

  async #guard(doing: string, act: () => unknown): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      this.add(asTransferError(error, "internal", doing));
      return false;
    }
  }

  /** Resolves when our own side is done with all that it was told. */
  async told(): Promise<void> {
    await this.#telling.allDone();
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
