/**
 * Temporary files within the destination's budget of descriptors: one is taken
 * for each file that is open, and given back when it is closed.
 *
 * @module
 */

import type { Destination } from "./destination.ts";
import { discard, leave, type TempFile } from "./temp_files.ts";

/**
 * Creates a temporary file when a descriptor is free.
 *
 * On abort: while it waits it rejects with the signal's reason.
 *
 * @param to Where the file belongs.
 * @param parts The name that it is for.
 * @param mode Its permission bits, less the umask.
 * @param signal Ends the wait.
 * @returns The empty file, locked.
 * @throws {TransferError} `rejected`, retriable, when no descriptor is free for
 * too long. What the system throws when it cannot create the file.
 */
export async function createTemp(
  to: Destination,
  parts: readonly string[],
  mode: number,
  signal: AbortSignal,
): Promise<TempFile> {
  await to.descriptors.acquire(1, { signal });
  try {
    return await to.temps.create(parts, mode);
  } catch (error) {
    to.descriptors.release(1);
    throw error;
  }
}

/**
 * Closes a temporary file, which keeps its name for a later attempt.
 *
 * @param to Where it belongs.
 * @param temp The file; it is closed even where this rejects.
 */
export async function closeTemp(
  to: Destination,
  temp: TempFile,
): Promise<void> {
  try {
    await leave(temp);
  } finally {
    to.descriptors.release(1);
  }
}

/**
 * Removes a temporary file's name and closes it.
 *
 * @param to Where it belongs.
 * @param temp The file; it is closed even where this rejects.
 */
export async function removeTemp(
  to: Destination,
  temp: TempFile,
): Promise<void> {
  try {
    await discard(temp);
  } finally {
    to.descriptors.release(1);
  }
}
