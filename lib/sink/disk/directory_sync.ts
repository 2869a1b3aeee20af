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

/**
 * How long a sync in a burst waits for more callers, in milliseconds. A guess.
 */
const GATHER_MS = 10;

/**
 * How soon after the last sync another one is of the same burst, in
 * milliseconds. A guess: files that come one by one do not wait.
 */
const BURST_MS = 50;

/** Directories remembered. One that is forgotten costs one sync more. */
const MAX_REMEMBERED = 10_000;

/** What is known of one directory. */
interface State {
  /** The sync that has begun: it may miss an entry that is made from now on. */
  running?: Promise<void> | undefined;
  /** The sync that has not begun, which every new caller shares. */
  queued?: Promise<void> | undefined;
  /** When the last one ended, as `performance.now()` counts. */
  ended: number;
}

/** Syncs directories, with few system calls for many callers at a time. */
export class DirectorySync {
  readonly #states = new Map<string, State>();
  readonly #fsync: (path: string) => Promise<void>;

  /**
   * Begins with no directory.
   *
   * @param fsync What syncs one directory; fsync(2) by default.
   */
  constructor(fsync: (path: string) => Promise<void> = fsyncDirectory) {
    this.#fsync = fsync;
  }

  /**
   * Resolves when every entry that the directory has now is on stable storage.
   *
   * A sync that has begun may miss an entry made since: a caller that finds one
   * running shares the one after it. In a burst each sync waits a moment for
   * more callers to share it: of ten thousand small files this call was half
   * the cost.
   *
   * @param path The directory.
   * @throws What the system throws when it cannot open or sync the directory;
   * all that share the sync hear of it, and the next call tries again.
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
    // Its own callers hear how it ended.
    await Promise.allSettled([state.running]);
    state.queued = undefined; // before it begins: then it may miss an entry
    state.running = this.#fsync(path);
    try {
      await state.running;
    } finally {
      state.running = undefined;
      state.ended = performance.now();
    }
  }
}

async function fsyncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path);
  await directory.sync();
}
