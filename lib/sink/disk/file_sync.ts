/**
 * Making a file's bytes survive a power cut, and never believing a second try.
 *
 * When writing back fails, Linux marks the pages clean all the same: an fsync
 * of the same file then succeeds for bytes that are not on the disk (fsync(2),
 * EIO). So a file whose sync failed once is never reported as durable again.
 *
 * @module
 */

import { TransferError } from "../../base/errors.ts";

/** Syncs files, and remembers those that failed. */
export class FileSync {
  readonly #failed = new Set<string>();

  /**
   * Resolves when the file's bytes are on stable storage.
   *
   * @param file The file, open.
   * @throws {TransferError} `local-io` for a file whose sync failed before.
   * What the system throws when the sync fails.
   */
  async sync(file: Pick<Deno.FsFile, "stat" | "sync">): Promise<void> {
    const { dev, ino, birthtime } = await file.stat();
    // An inode number alone is used again once its file is removed.
    const id = `${dev}:${ino}:${birthtime?.getTime()}`;
    if (this.#failed.has(id)) {
      throw new TransferError(
        "local-io",
        {
          doing: "vouch for the file",
          found: "its disk failed to keep it before, and it must be removed",
        },
      );
    }
    try {
      await file.sync();
    } catch (error) {
      this.#failed.add(id);
      throw error;
    }
  }
}
