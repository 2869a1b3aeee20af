/**
 * The drafts that are being written, so that a transfer that comes back on
 * another connection can take its own over.
 *
 * @module
 */

import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";

/** A draft that can be ended from outside. */
export interface Releasable {
  /** Ends the draft and keeps its file, synced, for another draft. */
  release(): Promise<void>;
}

/** A draft and the transfer that writes it. */
interface ActiveDraft {
  transfer: string | undefined;
  draft: Releasable;
}

/** The drafts that are being written, by the name of their file. */
export class ActiveDrafts {
  readonly #names = new Map<string, ActiveDraft[]>();

  /**
   * Adds a draft, and ends the one that the same transfer had for the name.
   *
   * @param name The file's name.
   * @param transfer The transfer's id, if it has one.
   * @param draft The draft.
   */
  async add(
    name: string,
    transfer: string | undefined,
    draft: Releasable,
  ): Promise<void> {
    // Checked again after every wait: two connections may come at once.
    while (this.#find(name, transfer)) await this.evict(name, transfer);
    const others = this.#names.get(name) ?? [];
    this.#names.set(name, [...others, { transfer, draft }]);
  }

  /**
   * Removes a draft that has ended.
   *
   * @param name The file's name.
   * @param draft The draft; nothing happens where it is not there.
   */
  remove(name: string, draft: Releasable): void {
    const left = this.#names.get(name)?.filter((one) => one.draft !== draft);
    if (left && left.length > 0) this.#names.set(name, left);
    else this.#names.delete(name);
  }

  /**
   * Ends the draft that a transfer has for a name on an earlier connection. The
   * sender knows that that connection is dead; this side may not have noticed.
   *
   * @param name The file's name.
   * @param transfer The transfer's id; without one there is no earlier draft.
   */
  async evict(name: string, transfer: string | undefined): Promise<void> {
    const one = this.#find(name, transfer);
    if (!one) return;
    // The draft's own connection hears how that went.
    await Promise.allSettled([one.draft.release()]);
    this.remove(name, one.draft);
  }

  #find(name: string, transfer: string | undefined): ActiveDraft | undefined {
    if (transfer === undefined) return undefined;
    return this.#names.get(name)?.find((one) => one.transfer === transfer);
  }
}

/**
 * The error of a draft that another connection of its transfer took over. A
 * connection that was left can do that to the one in use, when its packets come
 * late; the one in use then tries again.
 *
 * @param name The entry's name.
 * @returns A `rejected` error that is retried.
 */
export function takenOver(name: string): TransferError {
  return new TransferError(
    "rejected",
    {
      doing: `store ${quote(name)}`,
      found: "another connection of the same transfer took it over",
    },
    { retriable: true },
  );
}
