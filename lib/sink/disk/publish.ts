/**
 * The moment a file gets its name.
 *
 * link(2) fails when the name exists, whoever made it and however late: of
 * several concurrent commits to one name exactly one wins, without a lock and
 * without a window between a check and an act. Replacing is rename(2), which is
 * atomic too. At every instant the name is absent, the old file or the whole
 * new one.
 *
 * @module
 */

import { basename, join } from "node:path";
import { sameBytes } from "../../base/digest.ts";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import {
  candidates,
  type ConflictPolicy,
  decide,
  type Decision,
  type Found,
  foundAt,
} from "../conflict.ts";
import type { FileSync } from "./file_sync.ts";
import { lstatIfThere } from "./if_exists.ts";

/** Bytes compared at a time, as many as a frame has. */
const PIECE_BYTES = 1_048_576;

/** How often a name is tried that is taken by one call and free by the next. */
const MAX_TRIES = 3;

/** The name that a file got. */
export interface Published {
  /** The last part of its path. */
  last: string;
  /** Whether the same content had the name before: the file is not used then. */
  existing: boolean;
}

/**
 * Gives a file its name.
 *
 * @param temp The complete and synced file, in the same file system. Where it
 * was not renamed its temporary name stays, for the caller to remove.
 * @param directory The directory it belongs in, reached through no symbolic
 * link.
 * @param name The name asked for.
 * @param policy What to do when other content has that name.
 * @param files Syncs the file that has the name, where its content is the same.
 * @returns The name it got.
 * @throws {TransferError} `rejected` when what has the name keeps it.
 */
export async function publish(
  temp: string,
  directory: string,
  name: string,
  policy: ConflictPolicy,
  files: FileSync,
): Promise<Published> {
  const { size } = await Deno.lstat(temp);
  for (const last of candidates(name)) {
    const path = join(directory, last);
    let decision: Decision = "create";
    for (let tries = 0; decision === "create" && tries < MAX_TRIES; tries++) {
      if (await tryLink(temp, path)) return { last, existing: false };
      const found = await compare(path, temp, size, files);
      decision = decide(policy, { size }, found);
      // All else would be replaced.
      if (decision === "reject" && policy === "replace") {
        throw directoryAt(path);
      }
    }
    if (decision === "existing") return { last, existing: true };
    if (decision === "replace") {
      await replace(temp, path);
      return { last, existing: false };
    }
    if (decision !== "next-name") break;
  }
  throw new TransferError(
    "rejected",
    {
      doing: `store ${quote(name)}`,
      found: "other content has that name already",
    },
  );
}

async function tryLink(temp: string, path: string): Promise<boolean> {
  try {
    await Deno.link(temp, path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

async function replace(temp: string, path: string): Promise<void> {
  try {
    await Deno.rename(temp, path);
  } catch (cause) {
    // It was made since the name was looked up.
    if (!(cause instanceof Deno.errors.IsADirectory)) throw cause;
    throw directoryAt(path, { cause });
  }
}

function directoryAt(path: string, options?: ErrorOptions): TransferError {
  return new TransferError(
    "rejected",
    { doing: `replace ${quote(basename(path))}`, found: "it is a directory" },
    options,
  );
}

/** Finds what has a name, and compares a regular file (not a link to one). */
async function compare(
  path: string,
  temp: string,
  size: number,
  files: FileSync,
): Promise<Found> {
  const found = foundAt(await lstatIfThere(path));
  if (found.kind !== "file" || found.size !== size) return found;
  const same = await sameContent(path, temp, size, files);
  return { ...found, content: same ? "same" : "different" };
}

async function sameContent(
  path: string,
  temp: string,
  size: number,
  files: FileSync,
): Promise<boolean> {
  using file = await Deno.open(path);
  using ours = await Deno.open(temp);
  const [a, b] = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)];
  for (let left = size; left > 0;) {
    const count = await file.read(a);
    // Somebody is changing it at this moment: then it is not the same.
    if (count === null || !await readExactly(ours, b.subarray(0, count))) {
      return false;
    }
    if (!sameBytes(a.subarray(0, count), b.subarray(0, count))) return false;
    left -= count;
  }
  // The receipt vouches for this file, and its writer may not have synced it.
  await files.sync(file);
  return true;
}

async function readExactly(
  file: Deno.FsFile,
  into: Uint8Array,
): Promise<boolean> {
  for (let at = 0, count; at < into.length; at += count) {
    count = await file.read(into.subarray(at));
    if (count === null) return false;
  }
  return true;
}
