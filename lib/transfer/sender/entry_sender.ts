/**
 * One entry's bytes, from its source onto the channel.
 *
 * @module
 */

import { blocksOf } from "../../source/read_ahead.ts";
import type { Pace } from "../../base/rate_limiter.ts";
import type { Channel } from "../channel.ts";
import { DATA_HEAD_BYTES, MAX_DATA_BYTES } from "../../wire/frames.ts";
import type { Outgoing } from "./outgoing_entry.ts";
import { agree } from "../../model/block_digests.ts";
import { sealData } from "../../wire/encoding.ts";

/** Data up to this size is copied and sent together with other frames. */
const SMALL_BYTES = 32_768;

/** Sends entries one after the other, with the same two buffers. */
export class Uploader {
  readonly #channel: Channel;
  readonly #pace: Pace;
  #buffers: [Uint8Array, Uint8Array] | undefined;

  /**
   * Makes an uploader.
   *
   * @param channel Where the frames go.
   * @param pace How fast.
   */
  constructor(channel: Channel, pace: Pace) {
    this.#channel = channel;
    this.#pace = pace;
  }

  /**
   * Sends an accepted entry's data and its end.
   *
   * On abort: stops at the next block when `stopped` says so, without an end.
   *
   * @param one The entry.
   * @param stopped Asked before each block.
   * @throws {TransferError} `source` or `source-changed` for the source's own
   * failures, `lost` or `stalled` for the connection's.
   */
  async send(one: Outgoing, stopped: () => boolean): Promise<void> {
    const held = one.takeHeld(); // before a wait: then it may be another's
    await using source = await one.item.open();
    const agreed = await agree(source, held, stopped);
    if (!agreed) return;
    const { digest } = agreed;
    let { offset } = agreed;
    const buffers = this.#room(one.item.entry.size ?? MAX_DATA_BYTES);
    for await (const block of blocksOf(source, buffers, DATA_HEAD_BYTES)) {
      const length = block.length - DATA_HEAD_BYTES;
      await this.#pace.spend(length, stopped);
      if (stopped()) return;
      sealData(block, one.number, offset);
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
    const sent = { length: offset, digest: digest.finish() };
    this.#channel.say({ type: "end", entry: one.number, ...sent });
    one.ended(sent, this.#channel.said);
  }

  /** Two buffers that hold a block of a source of that size. */
  #room(size: number): [Uint8Array, Uint8Array] {
    const data = Math.min(MAX_DATA_BYTES, this.#pace.piece);
    const length = DATA_HEAD_BYTES + Math.min(data, Math.max(size, 1));
    if (this.#buffers && this.#buffers[0].length >= length) {
      return this.#buffers;
    }
    return this.#buffers = [new Uint8Array(length), new Uint8Array(length)];
  }
}
