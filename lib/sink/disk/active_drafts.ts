/**
 * Who is writing what at this moment.
 *
 * @module
 */

/** A draft that can be made to let go of its file. */
export interface Releasable {
  /** Lets go of the file, synced, for somebody else to go on with. */
  release(): Promise<void>;
}

/** One who writes. */
interface Owner {
  transfer: string | undefined;
  draft: Releasable;
}

/** The drafts under way, by the name of what they are for. */
export class ActiveDrafts {
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
    this.#names.set(name, [...owners, { transfer, draft }]);
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
}
