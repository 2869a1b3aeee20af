/**
 * Finding what an earlier attempt left of a file, and computing the digests
 * that show what it holds.
 *
 * @module
 */

import type { Algorithm } from "../../base/digest.ts";
import { BlockDigests } from "../../model/block_digests.ts";
import type { Entry } from "../../model/entry.ts";
import type { Destination } from "./destination.ts";
import { checkFreeSpace } from "./free_space.ts";
import { removeTemp } from "./temp_budget.ts";
import { leave, type TempFile } from "./temp_files.ts";

/** An earlier attempt's file. */
export interface PartialFile {
  /** The file, open and locked; it has one of the destination's descriptors. */
  temp: TempFile;
  /** What it holds, as far as the announced size. */
  held: BlockDigests;
}

/** Options of {@linkcode findPartial}. */
export interface PartialOptions {
  /** Permission bits for the file from now on, less the umask. */
  mode: number;
  /** Whether the name has what may be the same file: that needs no space. */
  mayExist: boolean;
  /** The algorithm of the digests. */
  algorithm: Algorithm;
  /** Ends the wait for a descriptor. */
  signal: AbortSignal;
}

/**
 * Finds the longest file that an earlier attempt left for a name, and checks
 * that there is space for the rest, or for all of it.
 *
 * On abort: while it waits for a descriptor it rejects with the signal's
 * reason, and the file stays for another attempt.
 *
 * @param to Where the file belongs.
 * @param entry What was announced of it.
 * @param parts Its name, taken apart and checked.
 * @param options The file's permission bits, and what else is known.
 * @returns The file, if there is one.
 * @throws {TransferError} `local-io` when there is too little space; then the
 * file stays. What the system throws when the file cannot be read back; then it
 * is removed, and the next attempt starts over.
 */
export async function findPartial(
  to: Destination,
  entry: Entry,
  parts: readonly string[],
  { mode, mayExist, algorithm, signal }: PartialOptions,
): Promise<PartialFile | undefined> {
  const temp = await to.temps.openPartial(parts, mode);
  try {
    if (temp || !mayExist) await checkSpace(to, entry, temp);
    if (temp) await to.descriptors.acquire(1, { signal });
  } catch (error) {
    if (temp) await leave(temp);
    throw error;
  }
  if (!temp) return undefined;
  try {
    const { size } = await temp.file.stat();
    const most = Math.min(size, entry.size ?? size);
    const read = (into: Uint8Array) => temp.file.read(into);
    return { temp, held: await BlockDigests.of(read, most, algorithm) };
  } catch (error) {
    await removeTemp(to, temp);
    throw error;
  }
}

/** Checks that what is missing of a file fits on the disk. */
async function checkSpace(
  to: Destination,
  { name, size }: Entry,
  temp: TempFile | undefined,
): Promise<void> {
  if (size === undefined) return;
  const there = temp ? (await temp.file.stat()).size : 0;
  await checkFreeSpace(to.root, name, size - there);
}
