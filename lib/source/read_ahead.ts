/**
 * A source in blocks, one read ahead.
 *
 * @module
 */

import type { ByteReader } from "./reader.ts";

/**
 * Reads a source block by block; while one is used the next is being read.
 *
 * When the caller stops early, the read that is under way is waited for.
 *
 * @param source What to read.
 * @param buffers Two of the same length, used in turn.
 * @param head How many bytes to leave free in front of each block.
 * @returns Views of head and data; each is valid until the next is asked for.
 * @throws What the source's `read()` throws.
 */
export async function* readAhead(
  source: ByteReader,
  buffers: readonly [Uint8Array, Uint8Array],
  head: number,
): AsyncGenerator<Uint8Array> {
  let [current, other] = buffers;
  let pending = source.read(current.subarray(head));
  try {
    for (let count; (count = await pending) !== null;) {
      const block = current.subarray(0, head + count);
      [current, other] = [other, current];
      pending = source.read(current.subarray(head));
      pending.catch(() => {}); // asked for in the next turn, or in finally
      yield block;
    }
  } finally {
    // Its buffer must be free before its owner uses it again. A caller that
    // stopped early no longer needs what this read brings.
    await Promise.allSettled([pending]);
  }
}
