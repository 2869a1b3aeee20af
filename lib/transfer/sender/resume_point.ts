/**
 * Where a sender resumes: it digests its own bytes and compares them with what
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
 * Finds the offset up to which a source agrees with what the receiver holds,
 * and seeks to it.
 *
 * On abort: `stopped` ends it before the next read.
 *
 * @param source What is to be sent, at its origin. The digest of that is of the
 * algorithm of `held`.
 * @param held What the receiver holds, with the digests of its blocks.
 * @param stopped Called before each read: whether to stop.
 * @returns The offset in bytes to send from, and the digest of all bytes before
 * it; `null` when it was stopped.
 * @throws {TransferError} `source` when the source cannot go back that far.
 */
export async function findResumePoint(
  source: Reading,
  held: Held,
  stopped: () => boolean,
): Promise<{ offset: number; digest: Digest } | null> {
  const { origin } = source;
  const digest = new Digest(origin.digest);
  let agreed = origin.offset === 0
    ? { offset: 0, digest: new Digest(origin.digest) }
    : null;
  let at = origin.offset;
  const each = DIGEST_BYTES[held.algorithm];
  const blocks = held.digests.length / each;
  for (let index = 0; index < blocks; index++) {
    const end = endOf(held, index);
    if (end < at) continue;
    // Until a block agrees there is no offset to seek back to.
    if (agreed && end - agreed.offset > source.maxRewind) break;
    if (!await digestTo(source, at, end, digest, stopped)) break;
    at = end;
    const shown = held.digests.subarray(index * each, (index + 1) * each);
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

/** Digests up to an offset; `false` when the source ends or it is stopped. */
async function digestTo(
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
    // This may be more than the source can seek back: an attempt that is broken
    // off here must leave the next one an offset to begin at.
    source.mark?.(at, digest);
  }
  return true;
}
