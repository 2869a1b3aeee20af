/**
 * The last bytes of something that can be read only once.
 *
 * When a connection breaks, what was on the way has to be sent again. A pipe
 * cannot be asked for it, so its last bytes are remembered, together with the
 * digest of everything before some of them.
 *
 * What is forgotten is never given: bytes that merely stand where it stood would
 * be sent with a digest that fits them, and nobody could notice.
 *
 * @module
 */

import { Digest } from "../base/digest.ts";
import { TransferError } from "../base/errors.ts";
import type { ByteReader, Reading } from "./reader.ts";

/**
 * How much is remembered, in bytes: more than two kernels' buffers hold between
 * two programs (Linux: 4 MiB to send and 32 MiB to receive, at most, where
 * nobody raised it).
 */
export const REPLAY_BYTES = 67_108_864;

/** Most digests to keep at a time; a retry loses what lies between two. */
const MARKS = 64;

/** A reader with a memory. */
export class ReplayBuffer {
  readonly #reader: ByteReader;
  readonly #size: number;
  #ring = new Uint8Array(0);
  /** Where the bytes begin that are remembered, and where they end. */
  #start = 0;
  #end = 0;
  #over = false;
  #pulling: Promise<void> | undefined;
  #marks: { offset: number; digest: Digest }[] = [
    { offset: 0, digest: new Digest() },
  ];
  /** Which reading is the one that counts. */
  #turn = 0;

  /**
   * Makes a buffer.
   *
   * @param reader What can be read once.
   * @param size How many bytes to remember; a power of two.
   */
  constructor(reader: ByteReader, size: number = REPLAY_BYTES) {
    this.#reader = reader;
    this.#size = size;
  }

  /**
   * Reads from the earliest byte that is remembered and whose digest is known.
   *
   * @returns A reading. The one before it is over: it could otherwise go on, for
   * a connection that was left, and have forgotten what this one needs. What it
   * is waiting for comes to this one.
   * @throws {TransferError} `source` when there is no such byte. The reading
   * itself throws it for bytes that are not remembered.
   */
  open(): Reading {
    const turn = ++this.#turn;
    const [origin] = this.#marks;
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
   * Reads on; who comes while a read is under way waits for that one. A reader
   * that failed is not asked again: an iterator would say that it has ended.
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
    // All of the room may be written to before it is known how much came.
    this.#start = Math.max(this.#start, this.#end + room - this.#size);
    // The first mark whose bytes outlive this read is where a retry begins.
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
    // A digest takes more room than a short line: one for each is too many.
    if (last && offset < last.offset + this.#size / MARKS) return;
    this.#marks.push({ offset, digest: new Digest(digest) });
  }
}
