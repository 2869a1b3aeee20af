/**
 * Tasks that run concurrently, and waiting for them.
 *
 * @module
 */

/** Runs tasks concurrently, up to a limit. */
export class TaskGroup {
  readonly #most: number;
  readonly #all = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  /**
   * Makes an empty group.
   *
   * @param most How many tasks may run at once; `Infinity` by default.
   */
  constructor(most = Infinity) {
    this.#most = most;
  }

  /** Resolves when one more task may run. */
  async slotFree(): Promise<void> {
    while (this.#all.size >= this.#most) await Promise.race(this.#all);
  }

  /**
   * Adds a task.
   *
   * @param work The task. Its rejection is thrown by {@linkcode allDone}.
   */
  add(work: Promise<unknown>): void {
    const one = work.then(() => {}, (error) => {
      this.#failure ??= { error };
    }).finally(() => this.#all.delete(one));
    this.#all.add(one);
  }

  /** Resolves when all tasks of now have settled. */
  async currentDone(): Promise<void> {
    await Promise.all(this.#all);
  }

  /**
   * Resolves when no task runs any more.
   *
   * @throws What the first task that failed rejected with.
   */
  async allDone(): Promise<void> {
    while (this.#all.size > 0) await this.currentDone();
    if (this.#failure) throw this.#failure.error;
  }
}
