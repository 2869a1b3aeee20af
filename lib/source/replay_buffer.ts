/**
 * The last bytes of a source that can be read only once.
 *
 * When a connection breaks, the bytes in flight have to be sent again. A pipe
 * cannot give them again, so its last bytes are kept in a ring, with the digest
 * of everything before some of them.
 *
 * An offset that the ring no longer holds is refused. The newer bytes in its
 * place would be sent with a digest that matches them, and no check on either
 * side could find that.
 *
 * @module
 */

import { type Algorithm, Digest } from "../base/digest.ts";
import { TransferError } from "../base/errors.ts";
import type { ByteReader, Reading } from "./reader.ts";

/**
 * How many bytes are kept: more than the socket buffers of two kernels hold
 * (Linux: at most 4 MiB to send and 32 MiB to receive, unless the limit was
 * raised).
 */
export const REPLAY_BYTES = 67_108_864;

/** Most digests kept; a retry reads again what lies between two of them. */
const MARKS = 64;

/** A reader that can go back by as much as it keeps. */
export class ReplayBuffer {
  readonly #reader: ByteReader;
  readonly #size: number;
  #ring = new Uint8Array(0);
  /** Offsets of the first byte that is kept, and behind the last. */
  #start = 0;
  #end = 0;
  /** Whether the reader has given its last byte. */
  #over = false;
  /** The read that is under way. */
  #pulling: Promise<void> | undefined;
  /**
   * Offsets with the digest of all before them, in ascending order; offset 0 is
   * one of them from the first `open()` on, while its bytes are kept.
   */
  #marks: { offset: number; digest: Digest }[] = [];
  /** Counts the readings; only the latest may read. */
  #turn = 0;

  /**
   * Makes a buffer; nothing is read yet.
   *
   * @param reader The source, which can be read once.
   * @param size How many bytes to keep; a power of two.
   */
  constructor(reader: ByteReader, size: number = REPLAY_BYTES) {
    this.#reader = reader;
    this.#size = size;
  }

  /**
   * Reads from the earliest offset that is kept and whose digest is known.
   * Digests of another algorithm than the one asked for are dropped.
   *
   * @param algorithm The algorithm of the origin's digest.
   * @returns A reading. It ends the one before, which rejects with `internal`
   * from now on: going on for a connection that was left, that one could
   * overwrite what this one needs. The bytes that it waits for come to this
   * one.
   * @throws {TransferError} `source` when there is no such offset. The reading
   * throws it for offsets that are no longer kept.
   */
  open(algorithm: Algorithm): Reading {
    const turn = ++this.#turn;
    const origin = this.#originOf(algorithm);
    if (!origin) throw this.#forgotten(0);
    let at = origin.offset;
    return {
      origin,
      maxRewind: this.#size / 2,
      read: async (into) => {
        this.#check(turn, at);
        while (at === this.#end && !this.#over) {
          await this.#pull(into.length);
          this.#check(turn, at);
        }
        const count = this.#recall(at, into);
        at += count;
        return count === 0 ? null : count;
      },
      seek: (offset) =>
        Promise.try(() => {
          this.#check(turn, offset);
          at = offset;
        }),
      mark: (offset, digest) => {
        if (turn === this.#turn) this.#mark(offset, digest);
      },
      verify: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  #originOf(algorithm: Algorithm) {
    this.#marks = this.#marks.filter(({ digest }) =>
      digest.algorithm === algorithm
    );
    // The digest of no bytes is known in any algorithm.
    if (this.#start === 0 && this.#marks.length === 0) {
      this.#marks.push({ offset: 0, digest: new Digest(algorithm) });
    }
    return this.#marks[0];
  }

  #check(turn: number, at: number): void {
    if (turn !== this.#turn) {
      throw new TransferError(
        "internal",
        { doing: "read on", found: "another attempt reads this source now" },
      );
    }
    if (at < this.#start || at > this.#end) throw this.#forgotten(at);
  }

  #forgotten(at: number): TransferError {
    return new TransferError(
      "source",
      {
        doing: `go on from byte ${at}`,
        found: "only the last bytes are remembered, and what was read " +
          `before byte ${this.#start} cannot be read again`,
      },
    );
  }

  /**
   * Reads more, or waits for the read that is under way. A reader that failed
   * is not read again: an iterator that threw says that it is done.
   */
  async #pull(most: number): Promise<void> {
    this.#pulling ??= this.#readOn(most).then(() => {
      this.#pulling = undefined;
    });
    await this.#pulling;
  }

  async #readOn(most: number): Promise<void> {
    const from = this.#end % this.#size;
    const room = Math.min(most, this.#size / 4, this.#size - from);
    this.#grow(from + room);
    // The read may write to all of the room before it says how much came.
    this.#start = Math.max(this.#start, this.#end + room - this.#size);
    // A retry begins at the first mark whose bytes this read leaves.
    while (this.#marks[0] && this.#marks[0].offset < this.#start) {
      this.#marks.shift();
    }
    const count = await this.#reader.read(
      this.#ring.subarray(from, from + room),
    );
    if (count === null) this.#over = true;
    else this.#end += count;
  }

  #grow(length: number): void {
    if (length <= this.#ring.length) return;
    const size = Math.min(this.#size, Math.max(length, this.#ring.length * 2));
    const larger = new Uint8Array(size);
    larger.set(this.#ring);
    this.#ring = larger;
  }

  #recall(at: number, into: Uint8Array): number {
    const from = at % this.#size;
    const count = Math.min(into.length, this.#end - at, this.#size - from);
    into.set(this.#ring.subarray(from, from + count));
    return count;
  }

  #mark(offset: number, digest: Digest): void {
    if (offset < this.#start) return;
    const last = this.#marks.at(-1);
    // A mark for each line of a slow source would take more than its bytes.
    if (last && offset < last.offset + this.#size / MARKS) return;
    this.#marks.push({ offset, digest: new Digest(digest) });
  }
}
