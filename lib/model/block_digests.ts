/**
 * How two sides find the offset from which their bytes differ, without sending
 * them.
 *
 * The receiver sends the digest of each prefix of what it holds, one for the
 * end of each block; the sender digests its own bytes and compares. Both need
 * the digest of the whole in the end, so this costs no second pass: they go on
 * with the digest of the last prefix that agrees. No name, length or time is
 * taken as a sign that bytes are the same.
 *
 * @module
 */

import { type Algorithm, Digest, DIGEST_BYTES } from "../base/digest.ts";
import { TransferError } from "../base/errors.ts";

/**
 * Most blocks of a file; a larger file has larger blocks, so that its digests
 * fit into one frame.
 */
export const MAX_BLOCKS = 1_024;

/** What the receiver holds of an entry from before, with its digests. */
export interface Held {
  /** How many bytes from the entry's start. */
  readonly length: number;
  /** Length of each block but the last, in bytes. */
  readonly block: number;
  /** The algorithm of the digests. */
  readonly algorithm: Algorithm;
  /** Digests of all bytes up to the end of each block, one after the other. */
  readonly digests: Uint8Array;
}

/** Smallest block in bytes: one that differs anywhere is sent again whole. */
export const MIN_BLOCK_BYTES = 1_048_576;

/**
 * Largest block in bytes: an ACCEPT has 32 bits for it. What is held behind
 * 1,024 of these (4 TiB) has no digest: it is sent again.
 */
const MAX_BLOCK_BYTES = 2 ** 32 - MIN_BLOCK_BYTES;

/**
 * Divides bytes into blocks.
 *
 * @param size How many bytes there are.
 * @returns How many of them are in a block, and the length of each block but
 * the last; both in bytes.
 */
export function blockLayoutOf(size: number): { length: number; block: number } {
  const blocks = Math.ceil(size / MAX_BLOCKS / MIN_BLOCK_BYTES);
  const wanted = Math.max(1, blocks) * MIN_BLOCK_BYTES;
  const block = Math.min(wanted, MAX_BLOCK_BYTES);
  return { length: Math.min(size, block * MAX_BLOCKS), block };
}

/** What is held, with the digest of each prefix that ends with a block. */
export class BlockDigests implements Held {
  /** How many bytes are held. */
  readonly length: number;
  /** Length of each block but the last. */
  readonly block: number;
  /** The algorithm of the digests. */
  readonly algorithm: Algorithm;
  readonly #prefixes: readonly Digest[];

  private constructor(
    length: number,
    block: number,
    algorithm: Algorithm,
    prefixes: readonly Digest[],
  ) {
    this.length = length;
    this.block = block;
    this.algorithm = algorithm;
    this.#prefixes = prefixes;
  }

  /**
   * Computes the digests of held bytes.
   *
   * @param read Reads them from the start.
   * @param size How many there should be. The length is less where `read` ends
   * earlier, and where this is more than all blocks hold.
   * @param algorithm The algorithm of the digests.
   * @returns Their digests.
   * @throws What `read` throws.
   */
  static async of(
    read: (into: Uint8Array) => Promise<number | null>,
    size: number,
    algorithm: Algorithm,
  ): Promise<BlockDigests> {
    const { length: most, block } = blockLayoutOf(size);
    const digest = new Digest(algorithm);
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
    const blockLength = length === 0 ? 0 : block;
    return new BlockDigests(length, blockLength, algorithm, prefixes);
  }

  /** The prefixes' digests, one after the other. */
  get digests(): Uint8Array {
    const each = DIGEST_BYTES[this.algorithm];
    const digests = new Uint8Array(this.#prefixes.length * each);
    for (const [index, prefix] of this.#prefixes.entries()) {
      digests.set(new Digest(prefix).finish(), index * each);
    }
    return digests;
  }

  /**
   * Gives the digest to go on with from the end of a block.
   *
   * @param offset 0, the end of a block, or the held length.
   * @returns The digest of all bytes before it.
   * @throws {TransferError} `protocol` for any other offset.
   */
  at(offset: number): Digest {
    if (offset === 0) return new Digest(this.algorithm);
    const index = Math.ceil(offset / this.block) - 1;
    const prefix = this.#prefixes[index];
    if (prefix && offset === endOf(this, index)) return new Digest(prefix);
    throw new TransferError(
      "protocol",
      {
        doing: `go on from byte ${offset}`,
        found: "no block of what is held ends there",
      },
    );
  }
}

/**
 * Where a block ends.
 *
 * @param held How many bytes are held, and in blocks of which length.
 * @param index Which block, from 0.
 * @returns The offset behind its last byte.
 */
export function endOf(
  held: Pick<Held, "block" | "length">,
  index: number,
): number {
  return Math.min((index + 1) * held.block, held.length);
}
