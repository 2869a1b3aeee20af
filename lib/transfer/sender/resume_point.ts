/**
 * Where a sender goes on: it takes its own bytes in and compares them with what
 * the receiver holds (model/block_digests.ts).
 *
 * @module
 */

import { Digest, DIGEST_BYTES, sameBytes } from "../../base/digest.ts";
import { TransferError } from "../../base/errors.ts";
import {
  endOf,
  type Held,
  MIN_BLOCK_BYTES,
} from "../../model/block_digests.ts";
import type { Reading } from "../../source/reader.ts";

/**
 * Finds where a source goes on from what the other side holds, and puts it
 * there.
 *
 * @param source What is to be sent, at its start.
 * @param held What the other side showed.
 * @param stopped Asked before each read: whether nobody needs to know any more.
 * @returns The offset to send from, and the digest of all before it; `null`
 * when it was stopped.
 * @throws {TransferError} `source` when the source cannot go back that far.
 */
export async function findResumePoint(
  source: Reading,
  held: Held,
  stopped: () => boolean,
): Promise<{ offset: number; digest: Digest } | null> {
  const { origin } = source;
  const digest = new Digest(origin.digest);
  let agreed = origin.offset === 0 ? { offset: 0, digest: new Digest() } : null;
  let at = origin.offset;
  const blocks = held.proof.length / DIGEST_BYTES;
  for (let index = 0; index < blocks; index++) {
    const end = endOf(held, index);
    if (end < at) continue;
    // While nothing agrees there is nothing to go back to.
    if (agreed && end - agreed.offset > source.maxRewind) break;
    if (!await takeIn(source, at, end, digest, stopped)) break;
    at = end;
    const shown = held.proof.subarray(
      index * DIGEST_BYTES,
      (index + 1) * DIGEST_BYTES,
    );
    if (!sameBytes(new Digest(digest).finish(), shown)) break;
    agreed = { offset: end, digest: new Digest(digest) };
  }
  if (stopped()) return null;
  if (!agreed) {
    throw new TransferError(
      "source",
      {
        doing: "go on",
        found: `the receiver holds ${held.length} bytes, and what was read ` +
          `before byte ${origin.offset} cannot be read again`,
      },
    );
  }
  await source.seek(agreed.offset);
  return agreed;
}

/** Reads on to an offset; `false` when the source, or the need, ends first. */
async function takeIn(
  source: Reading,
  from: number,
  to: number,
  digest: Digest,
  stopped: () => boolean,
): Promise<boolean> {
  const buffer = new Uint8Array(Math.min(to - from, MIN_BLOCK_BYTES));
  for (let at = from; at < to;) {
    if (stopped()) return false;
    const count = await source.read(buffer.subarray(0, to - at));
    if (count === null) return false;
    digest.update(buffer.subarray(0, count));
    at += count;
    // What is taken in may be more than the source can go back: an attempt that
    // is broken off here must leave the next one a place to begin.
    source.mark?.(at, digest);
  }
  return true;
}
