/**
 * The directory that entries land in, and the way down to where each belongs.
 *
 * Symbolic links inside it are never followed. Every part of the way is looked
 * at right before a name is given; somebody with a shell on this machine can
 * still race that look, a peer cannot.
 *
 * @module
 */

import { join } from "node:path";
import {
  asTransferError,
  isOutOfDescriptors,
  TransferError,
} from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { Semaphore } from "../../base/semaphore.ts";
import type { Entry } from "../../model/entry.ts";
import { byteLength } from "../../model/name.ts";
import type { ConflictPolicy } from "../conflict.ts";
import { ActiveDrafts } from "./active_drafts.ts";
import { DirectorySync } from "./directory_sync.ts";
import { FileSync } from "./file_sync.ts";
import { lstatIfThere } from "./if_exists.ts";
import { TempFiles } from "./temp_files.ts";

/** Options of {@linkcode directorySink} and {@linkcode fileSink}. */
export interface DiskSinkOptions {
  /** What to do when other content has the name. @default {"refuse"} */
  onConflict?: ConflictPolicy;
}

/**
 * Temporary files open at once: what a process may have open is 1,024 by
 * default on many systems, and the connections need some of it.
 */
const MAX_OPEN_FILES = 512;

/** New directories remembered; beyond these some are called existing. */
const MAX_MADE = 10_000;

/** Longest path that Linux takes (PATH_MAX, without its final NUL). */
const MAX_PATH_BYTES = 4_095;

/**
 * What the drafts of one destination share: its root, its policy, and what is
 * known of its disk.
 */
export class Destination {
  readonly root: string;
  readonly policy: ConflictPolicy;
  readonly files = new FileSync();
  readonly directories = new DirectorySync();
  readonly temps: TempFiles;
  /** Descriptors for temporary files, over all connections. */
  readonly descriptors = new Semaphore(MAX_OPEN_FILES);
  readonly owners = new ActiveDrafts();
  /** Directories made here and not yet asked for by name. */
  readonly #made = new Set<string>();
  #realRoot: Promise<string> | undefined;

  constructor(root: string, options: DiskSinkOptions) {
    this.root = root;
    this.policy = options.onConflict ?? "refuse";
    this.temps = new TempFiles(root);
  }

  /**
   * Looks at what has an entry's name, and refuses early what its commit would
   * refuse for certain.
   */
  async check(
    entry: Entry,
    parts: string[],
  ): Promise<Deno.FileInfo | null> {
    if (byteLength(join(this.root, ...parts)) > MAX_PATH_BYTES) {
      throw new TransferError(
        "rejected",
        {
          doing: `store ${quote(entry.name)}`,
          found: `its path has more than ${MAX_PATH_BYTES} bytes here`,
        },
      );
    }
    const taken = await storing(entry.name, () => this.look(parts));
    if (!taken || this.policy === "rename") return taken;
    const other = taken.isFile && entry.size !== undefined &&
      entry.size !== taken.size;
    if (taken.isDirectory || (this.policy === "refuse" && other)) {
      const what = taken.isDirectory
        ? "a directory"
        : `a file of ${taken.size} bytes`;
      throw new TransferError(
        "rejected",
        {
          doing: `store ${quote(entry.name)}`,
          found: `${what} has that name already`,
        },
      );
    }
    return taken;
  }

  /** Looks at what has a name, and refuses to look through a link. */
  async look(parts: readonly string[]): Promise<Deno.FileInfo | null> {
    let path = this.root;
    for (const part of parts.slice(0, -1)) {
      path = join(path, part);
      const info = await lstatIfThere(path);
      if (!info) return null;
      mustBeDirectory(part, info);
    }
    return await lstatIfThere(join(this.root, ...parts));
  }

  /** Makes the directories on the way, and refuses to pass through a link. */
  async makeDirectories(parts: readonly string[]): Promise<string> {
    let path = this.root;
    const whole = join(this.root, ...parts);
    if (parts.length > 0 && await this.#isPlain(whole, parts)) return whole;
    for (const part of parts) {
      path = join(path, part);
      mustBeDirectory(part, await lstatIfThere(path) ?? await this.#make(path));
    }
    return path;
  }

  /**
   * Says, once, that a directory is new. One that a file below it needed is, too:
   * a directory is announced after what is in it.
   */
  claimNew(path: string): boolean {
    return this.#made.delete(path);
  }

  /** Whether all of it is there and none of it a link: one call, not many. */
  async #isPlain(path: string, parts: readonly string[]): Promise<boolean> {
    try {
      const root = await (this.#realRoot ??= Deno.realPath(this.root));
      const [real, { isDirectory }] = await Promise.all([
        Deno.realPath(path),
        Deno.stat(path),
      ]);
      return isDirectory && real === join(root, ...parts);
    } catch {
      return false; // what is wrong shows on the way down, part by part
    }
  }

  async #make(path: string): Promise<Deno.FileInfo> {
    try {
      await Deno.mkdir(path);
      if (this.#made.size >= MAX_MADE) this.#made.clear();
      this.#made.add(path);
    } catch (error) {
      // Another commit needs the same parent and was faster.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    return await Deno.lstat(path);
  }

  /**
   * Syncs a directory and all above it, down from the root: who made them, and
   * whether that is durable, nobody knows.
   */
  async settle(parts: readonly string[]): Promise<void> {
    const depths = Array.from(
      { length: parts.length + 1 },
      (_, depth) => depth,
    );
    await Promise.all(
      depths.map((depth) =>
        this.directories.sync(join(this.root, ...parts.slice(0, depth)))
      ),
    );
  }
}

function mustBeDirectory(name: string, info: Deno.FileInfo): void {
  if (info.isDirectory) return;
  const what = info.isSymlink ? "a symbolic link" : "not a directory";
  throw new TransferError(
    "rejected",
    { doing: `store below ${quote(name)}`, found: `it is ${what}` },
  );
}

/**
 * Runs a disk operation and says which entry it was for when it fails.
 *
 * @param name The entry's name.
 * @param operation What touches the disk.
 * @returns What the operation returned.
 * @throws {TransferError} `local-io`, unless the operation threw a typed error;
 * `rejected` and retriable when descriptors ran out.
 */
export function storing<T>(
  name: string,
  operation: () => Promise<T>,
): Promise<T> {
  return operation().catch((error) => {
    throw isOutOfDescriptors(error)
      ? new TransferError(
        "rejected",
        {
          doing: `store ${quote(name)}`,
          found: "the receiver is busy, it has too many files open",
        },
        { cause: error, retriable: true },
      )
      : asTransferError(error, "local-io", `store ${quote(name)}`);
  });
}
