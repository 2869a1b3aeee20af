/**
 * Work that goes on beside other work, until somebody waits for it.
 *
 * @module
 */

/** Keeps count of what is under way. */
export class TaskGroup {
  readonly #most: number;
  readonly #all = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  /**
   * Begins with nothing.
   *
   * @param most How much may be under way at once.
   */
  constructor(most = Infinity) {
    this.#most = most;
  }

  /** Resolves when there is room for one more. */
  async slotFree(): Promise<void> {
    while (this.#all.size >= this.#most) await Promise.race(this.#all);
  }

  /**
   * Takes one in.
   *
   * @param work What it rejects with is for {@linkcode allDone}.
   */
  add(work: Promise<unknown>): void {
    const one = work.then(() => {}, (error) => {
      this.#failure ??= { error };
    }).finally(() => this.#all.delete(one));
    this.#all.add(one);
  }

  /** Resolves when all that is under way now has ended, however it did. */
  async currentDone(): Promise<void> {
    await Promise.all(this.#all);
  }

  /**
   * Resolves when nothing is under way any more.
   *
   * @throws What the first one that failed rejected with.
   */
  async allDone(): Promise<void> {
    while (this.#all.size > 0) await this.currentDone();
    if (this.#failure) throw this.#failure.error;
  }
}
