/**
 * The directory that entries land in, and the directories below it.
 *
 * Symbolic links inside it are never followed. Every directory of a path is
 * checked right before a file gets its name there. A local user who may write
 * to them can replace one between the check and the link; a peer cannot.
 *
 * @module
 */

import { join } from "node:path";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { Semaphore } from "../../base/semaphore.ts";
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
 * Temporary files open at once. A process may have 1,024 descriptors by default
 * on many systems, and the connections need some of them.
 */
const MAX_OPEN_FILES = 512;

/** New directories remembered; with more, some are reported as existing. */
const MAX_CREATED = 10_000;

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
  /** The drafts that are being written. */
  readonly drafts = new ActiveDrafts();
  /** Directories created here and not announced yet. */
  readonly #created = new Set<string>();
  #realRoot: Promise<string> | undefined;

  constructor(root: string, options: DiskSinkOptions) {
    this.root = root;
    this.policy = options.onConflict ?? "refuse";
    this.temps = new TempFiles(root);
  }

  /**
   * Reads the metadata of what has a name, without following a link.
   *
   * @param parts The name, taken apart and checked.
   * @returns The metadata, or `null` where nothing has the name.
   * @throws {TransferError} `rejected` when a part above the last is not a
   * directory.
   */
  async lstat(parts: readonly string[]): Promise<Deno.FileInfo | null> {
    let path = this.root;
    for (const part of parts.slice(0, -1)) {
      path = join(path, part);
      const info = await lstatIfThere(path);
      if (!info) return null;
      checkIsDirectory(part, info);
    }
    return await lstatIfThere(join(this.root, ...parts));
  }

  /**
   * Makes the directories that are missing below the root.
   *
   * @param parts Their names from the root down.
   * @returns The path of the last of them.
   * @throws {TransferError} `rejected` when one is a symbolic link or no
   * directory.
   */
  async makeDirectories(parts: readonly string[]): Promise<string> {
    let path = this.root;
    const whole = join(this.root, ...parts);
    if (parts.length > 0 && await this.#isPlain(whole, parts)) return whole;
    for (const part of parts) {
      path = join(path, part);
      checkIsDirectory(
        part,
        await lstatIfThere(path) ?? await this.#make(path),
      );
    }
    return path;
  }

  /**
   * Says, once, whether a directory was created here, for itself or for a file
   * below it: a directory is announced after its content.
   *
   * @param path The directory.
   * @returns Whether it was, when first asked; later `false`.
   */
  forgetCreated(path: string): boolean {
    return this.#created.delete(path);
  }

  /** Whether all parts are directories and none is a link, asked in one go. */
  async #isPlain(path: string, parts: readonly string[]): Promise<boolean> {
    try {
      const root = await (this.#realRoot ??= Deno.realPath(this.root));
      const [real, { isDirectory }] = await Promise.all([
        Deno.realPath(path),
        Deno.stat(path),
      ]);
      return isDirectory && real === join(root, ...parts);
    } catch {
      return false; // the check part by part says what is wrong
    }
  }

  async #make(path: string): Promise<Deno.FileInfo> {
    try {
      await Deno.mkdir(path);
      if (this.#created.size >= MAX_CREATED) this.#created.clear();
      this.#created.add(path);
    } catch (error) {
      // Another commit made the same directory meanwhile.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    return await Deno.lstat(path);
  }

  /**
   * Syncs a directory and all above it up to the root. All of them, because
   * another commit or program may have made one and not synced its parent.
   *
   * @param parts The directory's name from the root down.
   */
  async syncDirectories(parts: readonly string[]): Promise<void> {
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

function checkIsDirectory(name: string, info: Deno.FileInfo): void {
  if (info.isDirectory) return;
  const what = info.isSymlink ? "a symbolic link" : "not a directory";
  throw new TransferError(
    "rejected",
    { doing: `store below ${quote(name)}`, found: `it is ${what}` },
  );
}
