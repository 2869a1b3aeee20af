/**
 * One entry's bytes, from its source onto the channel.
 *
 * @module
 */

import type { RateLimiter } from "../../base/rate_limiter.ts";
import { readAhead } from "../../source/read_ahead.ts";
import { sealData } from "../../wire/encoding.ts";
import { DATA_HEAD_BYTES, MAX_DATA_BYTES } from "../../wire/frames.ts";
import type { Channel } from "../channel.ts";
import { findResumePoint } from "./resume_point.ts";
import type { Transmission } from "./transmission.ts";

/** Data up to this size is copied and sent together with other frames. */
const SMALL_BYTES = 32_768;

/** Sends entries one after the other, with the same two buffers. */
export class EntrySender {
  readonly #channel: Channel;
  readonly #limiter: RateLimiter;
  #buffers: [Uint8Array, Uint8Array] | undefined;

  /**
   * Begins with no buffers.
   *
   * @param channel Where the frames go.
   * @param limiter How many bytes a second.
   */
  constructor(channel: Channel, limiter: RateLimiter) {
    this.#channel = channel;
    this.#limiter = limiter;
  }

  /**
   * Sends an accepted entry's data and its END.
   *
   * On abort: stops before the next block when `stopped` returns `true`, and
   * says no END.
   *
   * @param one The entry, accepted on this connection.
   * @param stopped Called before each block: whether to stop.
   * @throws {TransferError} `source` or `source-changed` for the source's own
   * failures, `lost` or `stalled` for the connection's.
   */
  async send(one: Transmission, stopped: () => boolean): Promise<void> {
    const held = one.start();
    const { number, item } = one.entry;
    // The channel has checked that this is the algorithm agreed on.
    await using source = await item.open(held.algorithm);
    const agreed = await findResumePoint(source, held, stopped);
    if (!agreed) return;
    const { digest } = agreed;
    let { offset } = agreed;
    const buffers = this.#buffersFor(item.entry.size ?? MAX_DATA_BYTES);
    for await (const block of readAhead(source, buffers, DATA_HEAD_BYTES)) {
      const length = block.length - DATA_HEAD_BYTES;
      await this.#limiter.wait(length, stopped);
      if (stopped()) return;
      sealData(block, number, offset);
      const sent = length <= SMALL_BYTES
        ? this.#channel.sayCopy(block)
        : this.#channel.sayBytes(block);
      digest.update(block.subarray(DATA_HEAD_BYTES)); // while it is on its way
      await sent;
      if (this.#channel.congested) await this.#channel.flush();
      offset += length;
      source.mark?.(offset, digest);
    }
    await source.verify();
    if (stopped()) return;
    const { algorithm } = digest;
    const sent = { length: offset, algorithm, digest: digest.finish() };
    this.#channel.say({ type: "end", entry: number, ...sent });
    one.end(sent, this.#channel.said);
  }

  /** Two buffers that hold a block of a source of `size` bytes. */
  #buffersFor(size: number): [Uint8Array, Uint8Array] {
    const data = Math.min(MAX_DATA_BYTES, this.#limiter.burst);
    const length = DATA_HEAD_BYTES + Math.min(data, Math.max(size, 1));
    if (this.#buffers && this.#buffers[0].length >= length) {
      return this.#buffers;
    }
    return this.#buffers = [new Uint8Array(length), new Uint8Array(length)];
  }
}
