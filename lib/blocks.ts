/**
 * A source in blocks, one read ahead, at a chosen pace.
 *
 * @module
 */

import type { Reading } from "./reading.ts";

/**
 * Reads a source block by block; while one is used the next is being read.
 *
 * @param source What to read.
 * @param buffers Two of the same length, used in turn.
 * @param head How many bytes to leave free in front of each block.
 * @returns Views of head and data; each is valid until the next is asked for.
 */
export async function* blocksOf(
  source: Reading,
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
    // The buffer must be free before its owner uses it again; how the read
    // ends no longer matters to somebody who has stopped listening.
    await pending.catch(() => {});
  }
}

/** Longest nap of {@linkcode Pace} in milliseconds, so that it can be left. */
const NAP_MS = 100;

/** Holds a sender to a rate. */
export class Pace {
  readonly #rate: number;
  #free = performance.now();

  /**
   * Makes a pace.
   *
   * @param rate Bytes a second; `Infinity` for no limit.
   */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** How many bytes are a good piece at this rate: a tenth of a second's. */
  get piece(): number {
    return Math.max(1, Math.ceil(this.#rate / 10));
  }

  /**
   * Waits until bytes may be sent.
   *
   * @param bytes How many.
   * @param stopped Asked between naps whether waiting is pointless by now.
   */
  async spend(bytes: number, stopped: () => boolean): Promise<void> {
    if (this.#rate === Infinity) return;
    const now = performance.now();
    const from = Math.max(this.#free, now - NAP_MS);
    this.#free = from + bytes / this.#rate * 1000;
    for (let left; (left = from - performance.now()) > 0 && !stopped();) {
      const nap = Math.min(left, NAP_MS);
      await new Promise((resolve) => setTimeout(resolve, nap));
    }
  }
}
