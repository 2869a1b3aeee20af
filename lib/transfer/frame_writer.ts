/**
 * Small pieces put together, so that many frames cost one system call.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";

/** Small pieces are put together up to this size. */
export const BATCH_BYTES = 65_536;

/**
 * Takes the next bytes to write from the front of a queue.
 *
 * @param queue Pieces in order, at least one; those that are taken leave it.
 * @returns One large piece as it is, or several small ones put together.
 */
export function nextBatch(queue: Uint8Array[]): Uint8Array {
  let count = 0, size = 0;
  for (const bytes of queue) {
    if (count > 0 && size + bytes.length > BATCH_BYTES) break;
    count++;
    size += bytes.length;
  }
  const parts = queue.splice(0, count);
  return count === 1 ? parts[0]! : concat(parts);
}
