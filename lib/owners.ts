/**
 * Who is writing what at this moment.
 *
 * @module
 */

import { TransferError } from "./errors.ts";
import { quote } from "./quote.ts";

/** A draft that can be made to let go of its file. */
export interface Releasable {
  /** Lets go of the file, synced, for somebody else to go on with. */
  release(): Promise<void>;
}

/** One who writes. */
interface Owner {
  transfer: string | undefined;
  draft: Releasable;
  /** Whether somebody who began later has given the name to a file. */
  late: boolean;
}

/** The drafts under way, by the name of what they are for. */
export class Owners {
  /** Of one name, in the order in which they began. */
  readonly #names = new Map<string, Owner[]>();

  /**
   * Notes who writes a file now, and takes it from an earlier connection of the
   * same transfer.
   *
   * @param name What it is for.
   * @param transfer The transfer's id, if it has one.
   * @param draft Who writes.
   */
  async add(
    name: string,
    transfer: string | undefined,
    draft: Releasable,
  ): Promise<void> {
    // Asked again after every wait: two connections may come at once.
    while (this.#find(name, transfer)) await this.evict(name, transfer);
    const owners = this.#names.get(name) ?? [];
    this.#names.set(name, [...owners, { transfer, draft, late: false }]);
  }

  /** Notes that somebody does not write it any more. */
  remove(name: string, draft: Releasable): void {
    const left = this.#names.get(name)?.filter((one) => one.draft !== draft);
    if (left && left.length > 0) this.#names.set(name, left);
    else this.#names.delete(name);
  }

  /**
   * Takes a file away from a connection that the same transfer has left: the
   * sender knows that it is dead, this side may not have noticed yet.
   *
   * @param name What it is for.
   * @param transfer The transfer's id; without one nobody has left anything.
   */
  async evict(name: string, transfer: string | undefined): Promise<void> {
    const one = this.#find(name, transfer);
    if (!one) return;
    // How that went is told to whoever wrote it.
    await Promise.allSettled([one.draft.release()]);
    this.remove(name, one.draft);
  }

  #find(name: string, transfer: string | undefined): Owner | undefined {
    if (transfer === undefined) return undefined;
    return this.#names.get(name)?.find((one) => one.transfer === transfer);
  }

  /**
   * Notes that a draft gave its file the name: nobody who began before it may do
   * that any more.
   */
  settle(name: string, draft: Releasable): void {
    for (const one of this.#names.get(name) ?? []) {
      if (one.draft === draft) return;
      one.late = true;
    }
  }

  /**
   * Refuses to replace what was sent later. An interrupted transfer whose disk
   * is slow would do that.
   *
   * @throws {TransferError} `rejected` when somebody who began later was faster.
   */
  mustNotBeLate(name: string, draft: Releasable): void {
    const late = this.#names.get(name)?.some((one) =>
      one.draft === draft && one.late
    );
    if (!late) return;
    throw new TransferError(
      "rejected",
      `Cannot store ${quote(name)}: what was sent later has that name already`,
    );
  }
}
