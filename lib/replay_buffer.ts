/**
 * The last bytes of something that can be read only once.
 *
 * When a connection breaks, what was on the way has to be sent again. A pipe
 * cannot be asked for it, so its last bytes are remembered, together with the
 * digest of everything before some of them.
 *
 * @module
 */

import { Digest } from "./digest.ts";
import type { ByteReader, Reading } from "./reading.ts";

/**
 * How much is remembered, in bytes: more than two kernels' buffers hold between
 * two programs (Linux: 4 MiB to send and 32 MiB to receive, at most, where
 * nobody raised it).
 */
export const REPLAY_BYTES = 67_108_864;

/** A reader with a memory. */
export class ReplayBuffer {
  readonly #reader: ByteReader;
  readonly #size: number;
  #ring = new Uint8Array(0);
  #end = 0;
  #over = false;
  #pulling: Promise<void> | undefined;
  #marks: { offset: number; digest: Digest }[] = [
    { offset: 0, digest: new Digest() },
  ];

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
   * Reads from the earliest byte that is remembered.
   *
   * @returns A reading; one at a time makes sense.
   */
  open(): Reading {
    const [origin] = this.#marks;
    let at = origin!.offset;
    return {
      origin: origin!,
      reach: this.#size / 2,
      read: async (into) => {
        while (at === this.#end && !this.#over) await this.#pull(into.length);
        const count = this.#recall(at, into);
        at += count;
        return count === 0 ? null : count;
      },
      seek: (offset) => {
        at = offset;
        return Promise.resolve();
      },
      mark: (offset, digest) => this.#mark(offset, digest),
      verify: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** Reads on; who comes while a read is under way waits for that one. */
  async #pull(most: number): Promise<void> {
    this.#pulling ??= this.#readOn(most).finally(() =>
      this.#pulling = undefined
    );
    await this.#pulling;
  }

  async #readOn(most: number): Promise<void> {
    const from = this.#end % this.#size;
    const room = Math.min(most, this.#size / 4, this.#size - from);
    this.#grow(from + room);
    // The first mark whose bytes outlive this read is where a retry begins.
    const kept = this.#end + room - this.#size;
    while (this.#marks.length > 1 && this.#marks[0]!.offset < kept) {
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
    if (offset <= this.#marks.at(-1)!.offset) return;
    this.#marks.push({ offset, digest: new Digest(digest) });
  }
}
