/**
 * How two sides find out from where on their bytes differ, without sending
 * them.
 *
 * The one that holds bytes shows the SHA-256 of its prefixes, one at the end of
 * each block; the other takes its own bytes in and compares as it goes. Since
 * both need the digest of the whole in the end, this costs no second pass: the
 * digest of the last prefix that agrees is the one to go on with. Nothing that
 * is held is trusted for its name, its length or its age.
 *
 * @module
 */

import { Digest, DIGEST_BYTES, sameBytes } from "../base/digest.ts";
import { TransferError } from "../base/errors.ts";
import { MAX_PROOF_BLOCKS } from "../wire/frames.ts";
import type { Held } from "../sink/sink.ts";
import type { Reading } from "../source/reader.ts";

/** Smallest block: what is lost at most by a difference inside one. */
const MIN_BLOCK_BYTES = 1_048_576;

/**
 * Largest block, in bytes: an ACCEPT has 32 bits for it. What lies behind 1,024
 * of these (4 TiB) is held and not proven: it comes again.
 */
const MAX_BLOCK_BYTES = 2 ** 32 - MIN_BLOCK_BYTES;

/**
 * Says how many of some bytes are proven, and in blocks of which length.
 *
 * @param size How many there are.
 * @returns Both in bytes.
 */
export function provable(size: number): { length: number; block: number } {
  const blocks = Math.ceil(size / MAX_PROOF_BLOCKS / MIN_BLOCK_BYTES);
  const wanted = Math.max(1, blocks) * MIN_BLOCK_BYTES;
  const block = Math.min(wanted, MAX_BLOCK_BYTES);
  return { length: Math.min(size, block * MAX_PROOF_BLOCKS), block };
}

/** Bytes that are held, with the digest of each prefix of whole blocks. */
export class Proof implements Held {
  /** How many bytes are held. */
  readonly length: number;
  /** Length of each block but the last. */
  readonly block: number;
  readonly #prefixes: readonly Digest[];

  private constructor(
    length: number,
    block: number,
    prefixes: readonly Digest[],
  ) {
    this.length = length;
    this.block = block;
    this.#prefixes = prefixes;
  }

  /**
   * Takes held bytes in.
   *
   * @param read Reads them from the start.
   * @param size How many there should be; fewer are proven if fewer come, or
   * if these are too many.
   * @returns Their proof.
   */
  static async of(
    read: (into: Uint8Array) => Promise<number | null>,
    size: number,
  ): Promise<Proof> {
    const { length: most, block } = provable(size);
    const digest = new Digest();
    const prefixes: Digest[] = [];
    const buffer = new Uint8Array(MIN_BLOCK_BYTES);
    let length = 0;
    while (length < most) {
      const end = Math.min((prefixes.length + 1) * block, most);
      const piece = buffer.subarray(0, Math.min(end - length, buffer.length));
      const count = await read(piece);
      if (count === null) break;
      digest.update(piece.subarray(0, count));
      length += count;
      if (length === end) prefixes.push(new Digest(digest));
    }
    if (length > prefixes.length * block) prefixes.push(digest);
    return new Proof(length, length === 0 ? 0 : block, prefixes);
  }

  /** The prefixes' digests, one after the other. */
  get proof(): Uint8Array {
    const proof = new Uint8Array(this.#prefixes.length * DIGEST_BYTES);
    for (const [index, prefix] of this.#prefixes.entries()) {
      proof.set(new Digest(prefix).finish(), index * DIGEST_BYTES);
    }
    return proof;
  }

  /**
   * The digest to go on with from a proven offset.
   *
   * @param offset 0, the end of a block, or the held length.
   * @returns The digest of all bytes before it.
   * @throws {TransferError} `protocol` for any other offset.
   */
  at(offset: number): Digest {
    if (offset === 0) return new Digest();
    const index = Math.ceil(offset / this.block) - 1;
    const prefix = this.#prefixes[index];
    if (prefix && offset === endOf(this, index)) return new Digest(prefix);
    throw new TransferError(
      "protocol",
      `Cannot go on from byte ${offset}: nothing was proven there`,
    );
  }
}

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
export async function agree(
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
    if (agreed && end - agreed.offset > source.reach) break;
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
      `Cannot go on: the receiver holds ${held.length} bytes, and what was ` +
        `read before byte ${origin.offset} cannot be read again`,
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

function endOf(held: Pick<Held, "block" | "length">, index: number): number {
  return Math.min((index + 1) * held.block, held.length);
}
