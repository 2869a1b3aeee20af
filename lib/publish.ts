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

import { join } from "node:path";
import { Digest, sameBytes } from "./digest.ts";
import { TransferError } from "./errors.ts";
import { quote } from "./quote.ts";
import { candidates, type ConflictPolicy } from "./sink.ts";

/** A complete and synced file that has no name yet. */
export interface Unnamed {
  /** Where it is now, in the destination's file system. */
  temp: string;
  /** Its SHA-256. */
  digest: Uint8Array;
  /** Its length in bytes. */
  length: number;
}

/** Which name a file got. */
export interface Published {
  /** The last part of the path. */
  last: string;
  /** Whether the same content had the name before; the temp is then unused. */
  existing: boolean;
}

/**
 * Gives a file its name.
 *
 * @param file What to publish. Its temporary name stays after a link, and after
 * an `existing`, for the caller to remove.
 * @param directory The directory it belongs in, free of symbolic links.
 * @param name The name asked for.
 * @param policy What to do when other content has that name.
 * @returns The name it got.
 * @throws {TransferError} `rejected` when the name stays with what has it.
 */
export async function publish(
  file: Unnamed,
  directory: string,
  name: string,
  policy: ConflictPolicy,
): Promise<Published> {
  for (const last of candidates(name, policy)) {
    const path = join(directory, last);
    if (await tryLink(file.temp, path)) return { last, existing: false };
    if (await hasContent(path, file)) return { last, existing: true };
    if (policy === "replace") {
      await replace(file.temp, path);
      return { last, existing: false };
    }
  }
  throw new TransferError(
    "rejected",
    `Cannot store ${quote(name)}: other content has that name already`,
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
    if (!(cause instanceof Deno.errors.IsADirectory)) throw cause;
    throw new TransferError(
      "rejected",
      `Cannot replace ${quote(path)}: it is a directory`,
      { cause },
    );
  }
}

/** Whether a regular file (not a link to one) with that content is there. */
async function hasContent(path: string, want: Unnamed): Promise<boolean> {
  const info = await lstat(path);
  if (!info?.isFile || info.size !== want.length) return false;
  using file = await Deno.open(path);
  const digest = new Digest();
  const buffer = new Uint8Array(COMPARE_BUFFER_BYTES);
  for (let count; (count = await file.read(buffer)) !== null;) {
    digest.update(buffer.subarray(0, count));
  }
  if (!sameBytes(digest.finish(), want.digest)) return false;
  // It will be vouched for in a receipt, and whoever wrote it may not have
  // synced it.
  await file.sync();
  return true;
}

/** As large as a frame: few system calls, little memory. */
const COMPARE_BUFFER_BYTES = 1_048_576;

/**
 * Looks at what has a name, without following it.
 *
 * @param path Any path.
 * @returns What is there, or `null`.
 */
export async function lstat(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
