/**
 * Temporary files: with names that nobody can guess, found again by the name
 * that the file is for, and removed when no sender came back for them.
 *
 * Whoever writes one holds its lock (flock(2)). The kernel releases the lock
 * when the process ends, however it ends: a file without a lock has no writer.
 * It is a partial file then, and can be taken over for the same name; its
 * content has to be compared with the sender's. It is removed when its lease is
 * over. A file of another user is never taken over: that user could go on
 * writing to it.
 *
 * @module
 */

import { join } from "node:path";
import { sha256 } from "../../base/digest.ts";
import { RESERVED_PREFIX } from "../../model/name.ts";
import { lstatIfThere, removeIfThere } from "./if_exists.ts";

/**
 * How long a partial file waits for its sender, in milliseconds: a night and a
 * working day.
 */
const LEASE_MS = 24 * 60 * 60 * 1000;

/** How often partial files whose lease is over are removed, in milliseconds. */
const SWEEP_MS = 60 * 60 * 1000;

/** An open temporary file. */
export interface TempFile {
  /** Its path. */
  path: string;
  /** It, open for reading and writing. */
  file: Deno.FsFile;
}

/** The temporary files of one directory. */
export class TempFiles {
  readonly #root: string;
  #sweeping: Promise<void> | undefined;
  #nextSweep = -Infinity;

  /**
   * Begins with a directory; nothing is read yet.
   *
   * @param root The directory they are in.
   */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Creates one with O_EXCL and 96 random bits in its name.
   *
   * @param parts The name that the file is for.
   * @param mode Its permission bits, less the umask.
   * @returns The empty file, locked.
   */
  async create(parts: readonly string[], mode: number): Promise<TempFile> {
    await this.#sweepWhenDue();
    for (;;) {
      const random = crypto.getRandomValues(new Uint8Array(12)).toHex();
      const path = join(this.#root, `${prefixOf(parts)}${random}`);
      const access = { createNew: true, read: true, write: true, mode };
      const file = await Deno.open(path, access);
      if (await file.tryLock(true)) return { path, file };
      file.close(); // another process locked it between the two calls
    }
  }

  /**
   * Takes over the longest partial file for a name.
   *
   * @param parts The name that the file is for.
   * @param mode Its permission bits from now on, less the umask.
   * @returns The file, locked; `undefined` where this user has none that is
   * without a writer.
   */
  async openPartial(
    parts: readonly string[],
    mode: number,
  ): Promise<TempFile | undefined> {
    await this.#sweepWhenDue();
    const found: { path: string; size: number }[] = [];
    for await (const { path, info } of this.#list(prefixOf(parts))) {
      found.push({ path, size: info.size });
    }
    if (found.length === 0) return undefined;
    // A new file shows this user's id and umask; asking the runtime for them
    // needs a permission.
    const own = await this.create(parts, mode);
    const like = await own.file.stat().finally(() => discard(own));
    for (const { path } of found.sort((a, b) => b.size - a.size)) {
      const temp = await openUnlocked(path, like);
      if (temp) return temp;
    }
  }

  async #sweepWhenDue(): Promise<void> {
    if (performance.now() >= this.#nextSweep) {
      this.#nextSweep = performance.now() + SWEEP_MS;
      // A sweep that fails must not fail the transfer; the next one tries
      // again.
      this.#sweeping = this.#sweep().catch(() => {
        this.#nextSweep = -Infinity;
      });
    }
    await this.#sweeping;
  }

  /** Removes the files without a writer whose lease is over. */
  async #sweep(): Promise<void> {
    for await (const { path, info } of this.#list("")) {
      // Not mtime: it may be the time that the sender announced.
      const changed = info.ctime?.getTime() ?? Date.now();
      if (Date.now() - changed < LEASE_MS) continue;
      const temp = await openUnlocked(path);
      if (temp) await discard(temp);
    }
  }

  async *#list(prefix: string) {
    for await (const { name, isFile } of Deno.readDir(this.#root)) {
      if (!isFile || !name.startsWith(prefix) || !TEMP.test(name)) continue;
      const path = join(this.#root, name);
      const info = await lstatIfThere(path); // null where it is gone meanwhile
      if (info?.isFile) yield { path, info };
    }
  }
}

/** The names that `create()` gives; other programs may use the prefix too. */
const TEMP = new RegExp(
  `^${RESERVED_PREFIX.replaceAll(".", "\\.")}[0-9a-f]{16}-[0-9a-f]{24}$`,
);

function prefixOf(parts: readonly string[]): string {
  const digest = sha256(new TextEncoder().encode(parts.join("/")));
  return `${RESERVED_PREFIX}${digest.toHex().slice(0, 16)}-`;
}

/**
 * Removes a temporary file's name and closes it, in this order: without its
 * lock another process could take it over while it still has the name, and it
 * may have its final name too.
 *
 * @param temp The file.
 */
export async function discard({ path, file }: TempFile): Promise<void> {
  try {
    await removeIfThere(path);
  } finally {
    file.close();
  }
}

/**
 * Closes a temporary file that keeps its name. Its lock is given up first: a
 * child process that is being started holds a copy of the descriptor until its
 * execve(2), and a copy keeps the lock (flock(2)).
 *
 * @param temp The file; it is closed even where this rejects.
 */
export async function leave({ file }: TempFile): Promise<void> {
  try {
    await file.unlock();
  } finally {
    file.close();
  }
}

/**
 * Opens and locks a temporary file that has no writer.
 *
 * @param path The file.
 * @param like Metadata of a file of this user's. The file is to be written to:
 * it must have the same owner, and gets the same permission bits. Without it,
 * the file is to be removed, and anybody's will do.
 * @returns The file; `undefined` where it has a writer, is gone, or may not be
 * written to.
 */
async function openUnlocked(
  path: string,
  like?: Deno.FileInfo,
): Promise<TempFile | undefined> {
  let file: Deno.FsFile | undefined;
  try {
    file = await Deno.open(path, { read: true, write: true });
    if (await file.tryLock(true)) {
      const [ours, named] = [await file.stat(), await lstatIfThere(path)];
      // Else it was renamed or removed since it was opened.
      const still = named?.ino === ours.ino && named?.dev === ours.dev;
      // Its writer died between link(2) and unlink(2): it has its final name,
      // and nothing may be written to it any more. Where the system counts no
      // links this cannot be known.
      const delivered = (ours.nlink ?? 1) > 1;
      if (still && delivered) await removeIfThere(path);
      else if (still && (!like || like.uid === ours.uid)) {
        if (like?.mode) await Deno.chmod(path, like.mode & 0o777);
        return { path, file };
      }
    }
  } catch (error) {
    // It is gone, or another user's: another partial file may be there.
    const known = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.PermissionDenied;
    if (!known) {
      file?.close();
      throw error;
    }
  }
  file?.close();
}
