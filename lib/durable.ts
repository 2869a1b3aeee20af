/**
 * Making directory entries survive a power cut.
 *
 * fsync(2): "Calling fsync() does not necessarily ensure that the entry in the
 * directory containing the file has also reached disk. For that an explicit
 * fsync() on a file descriptor for the directory is also needed."
 *
 * @module
 */

import { dirname } from "node:path";

/** Syncs directories, many callers at a time with few system calls. */
export class DirectorySync {
  readonly #running = new Map<string, Promise<void>>();
  readonly #queued = new Map<string, Promise<void>>();
  readonly #known = new Set<string>();

  /**
   * Resolves when every entry that the directory has now is on stable storage.
   *
   * A sync that has begun may have missed an entry made since, so a caller that
   * finds one running shares the one after it.
   *
   * @param path The directory.
   */
  sync(path: string): Promise<void> {
    const running = this.#running.get(path);
    if (!running) return this.#start(path);
    const queued = this.#queued.get(path);
    if (queued) return queued;
    const next = running.then(
      () => this.#start(path),
      () => this.#start(path), // its callers were told; ours ask anew
    );
    this.#queued.set(path, next);
    return next;
  }

  /**
   * Makes sure that a directory's own name is durable in its parent, once.
   *
   * @param path A directory, new or not: who made it may not have synced it.
   */
  async syncName(path: string): Promise<void> {
    if (this.#known.has(path)) return;
    await this.sync(dirname(path));
    this.#known.add(path);
  }

  /**
   * Says that a directory was made just now, whatever was known before.
   *
   * @param path The new directory.
   */
  forget(path: string): void {
    this.#known.delete(path);
  }

  #start(path: string): Promise<void> {
    this.#queued.delete(path);
    const done = syncDirectory(path).finally(() => {
      if (this.#running.get(path) === done) this.#running.delete(path);
    });
    this.#running.set(path, done);
    return done;
  }
}

async function syncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path);
  await directory.sync();
}
