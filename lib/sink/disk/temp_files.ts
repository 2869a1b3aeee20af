/**
 * Temporary files: made so that nobody guesses them, found again by what they
 * are for, and swept when nobody wants them any more.
 *
 * Who writes one holds its lock (flock(2)), which the kernel gives back whatever
 * becomes of the process: an unlocked one has no owner. One that was left behind
 * is a partial. It can be taken over for the same name, its content then has to
 * be proven, and after its lease it is removed. Where others may write to the
 * directory one of theirs is never taken over: they could go on to write to it.
 *
 * @module
 */

import { join } from "node:path";
import { sha256, toHex } from "../../base/digest.ts";
import { RESERVED_PREFIX } from "../../model/name.ts";
import { lstatIfThere, removeIfThere } from "./if_exists.ts";

/** How long a partial waits for its sender: a night and a working day. */
const LEASE_MS = 24 * 60 * 60 * 1000;

/** How often partials whose lease is over are looked for. */
const SWEEP_MS = 60 * 60 * 1000;

/** An open temporary file. */
export interface TempFile {
  /** Where it is. */
  path: string;
  /** For reading and writing. */
  file: Deno.FsFile;
}

/** The temporary files of one directory. */
export class TempFiles {
  readonly #root: string;
  #sweeping: Promise<void> | undefined;
  #nextSweep = -Infinity;

  /**
   * Makes a keeper.
   *
   * @param root The directory they are in.
   */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Creates one, exclusively; 96 random bits make its name its own.
   *
   * @param parts What it is for.
   * @param mode Its permission bits, less the umask.
   * @returns The empty file, locked.
   */
  async create(parts: readonly string[], mode: number): Promise<TempFile> {
    await this.#sweepWhenDue();
    for (;;) {
      const random = toHex(crypto.getRandomValues(new Uint8Array(12)));
      const path = join(this.#root, `${prefixOf(parts)}${random}`);
      const access = { createNew: true, read: true, write: true, mode };
      const file = await Deno.open(path, access);
      if (await file.tryLock(true)) return { path, file };
      file.close(); // somebody adopted it between the two calls
    }
  }

  /**
   * Takes over what was left behind for the same name.
   *
   * @param parts What it is for.
   * @param mode Its permission bits from now on, less the umask.
   * @returns The longest partial of this user's that nobody writes, if there is
   * one.
   */
  async adopt(
    parts: readonly string[],
    mode: number,
  ): Promise<TempFile | undefined> {
    await this.#sweepWhenDue();
    const found: { path: string; size: number }[] = [];
    for await (const { path, info } of this.#list(prefixOf(parts))) {
      found.push({ path, size: info.size });
    }
    if (found.length === 0) return undefined;
    // Shows what a file of this user's looks like, without a permission to ask.
    const own = await this.create(parts, mode);
    const like = await own.file.stat().finally(() => discard(own));
    for (const { path } of found.sort((a, b) => b.size - a.size)) {
      const temp = await claim(path, like);
      if (temp) return temp;
    }
  }

  async #sweepWhenDue(): Promise<void> {
    if (performance.now() >= this.#nextSweep) {
      this.#nextSweep = performance.now() + SWEEP_MS;
      // Housekeeping: what keeps us from it keeps nobody from a transfer.
      this.#sweeping = this.#sweep().catch(() => {
        this.#nextSweep = -Infinity;
      });
    }
    await this.#sweeping;
  }

  /** Removes what nobody owns and nobody came back for. */
  async #sweep(): Promise<void> {
    for await (const { path, info } of this.#list("")) {
      // The change time: a modification time may be the sender's.
      const changed = info.ctime?.getTime() ?? Date.now();
      if (Date.now() - changed < LEASE_MS) continue;
      const temp = await claim(path);
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

/** What `create()` calls a file; others may have files with this prefix too. */
const TEMP = new RegExp(
  `^${RESERVED_PREFIX.replaceAll(".", "\\.")}[0-9a-f]{16}-[0-9a-f]{24}$`,
);

function prefixOf(parts: readonly string[]): string {
  const digest = sha256(new TextEncoder().encode(parts.join("/")));
  return `${RESERVED_PREFIX}${toHex(digest).slice(0, 16)}-`;
}

/**
 * Removes a temporary file's name, then lets go of it: in the other order
 * somebody could adopt what has its final name already.
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
 * Opens a temporary file unless somebody else has it.
 *
 * @param path The file.
 * @param like Whose it must be and which permission bits it gets, where it is to
 * be gone on with.
 */
async function claim(
  path: string,
  like?: Deno.FileInfo,
): Promise<TempFile | undefined> {
  let file: Deno.FsFile | undefined;
  try {
    file = await Deno.open(path, { read: true, write: true });
    if (await file.tryLock(true)) {
      const [ours, named] = [await file.stat(), await lstatIfThere(path)];
      // Renamed or removed since it was opened: what we hold has another name
      // by now, or none.
      const still = named?.ino === ours.ino && named?.dev === ours.dev;
      // Where the system does not count names nothing is known against it.
      const delivered = (ours.nlink ?? 1) > 1;
      // Its owner died between link(2) and unlink(2): it has its final name,
      // and nothing may be written to it any more.
      if (still && delivered) await removeIfThere(path);
      else if (still && (!like || like.uid === ours.uid)) {
        if (like?.mode) await Deno.chmod(path, like.mode & 0o777);
        return { path, file };
      }
    }
  } catch (error) {
    // Gone, or not ours to open: then it is not ours to go on with.
    const known = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.PermissionDenied;
    if (!known) {
      file?.close();
      throw error;
    }
  }
  file?.close();
}
