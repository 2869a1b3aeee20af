/**
 * Making directory entries survive a power cut.
 *
 * fsync(2): "Calling fsync() does not necessarily ensure that the entry in the
 * directory containing the file has also reached disk. For that an explicit
 * fsync() on a file descriptor for the directory is also needed."
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";

/** How long a sync waits for company when there has just been another. */
const GATHER_MS = 10;

/** How recent "just" is: files that come one by one do not wait. */
const BURST_MS = 50;

/** Directories remembered; with more it is looked anew, which costs a sync. */
const MAX_REMEMBERED = 10_000;

/** What is known of one directory. */
interface State {
  running?: Promise<void> | undefined;
  /** The sync that has not begun, which whoever comes may share. */
  queued?: Promise<void> | undefined;
  /** When the last one ended. */
  ended: number;
}

/** Syncs directories, many callers at a time with few system calls. */
export class DirectorySync {
  readonly #states = new Map<string, State>();

  /**
   * Resolves when every entry that the directory has now is on stable storage.
   *
   * A sync that has begun may have missed an entry made since, so a caller that
   * finds one running shares the one after it. In a burst each sync waits a
   * moment for more callers to share it: with ten thousand small files, half
   * the cost was this call.
   *
   * @param path The directory.
   */
  sync(path: string): Promise<void> {
    const state = this.#states.get(path) ?? { ended: -Infinity };
    if (this.#states.size >= MAX_REMEMBERED) this.#forgetIdle();
    this.#states.set(path, state);
    return state.queued ??= this.#enqueue(path, state);
  }

  #forgetIdle(): void {
    for (const [path, { running, queued }] of this.#states) {
      if (!running && !queued) this.#states.delete(path);
    }
  }

  async #enqueue(path: string, state: State): Promise<void> {
    const burst = performance.now() - state.ended < BURST_MS;
    if (state.running || burst) await delay(GATHER_MS);
    // How it ended is told to its own callers.
    await Promise.allSettled([state.running]);
    state.queued = undefined; // from here on it may miss an entry
    state.running = syncDirectory(path);
    try {
      await state.running;
    } finally {
      state.running = undefined;
      state.ended = performance.now();
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path);
  await directory.sync();
}
