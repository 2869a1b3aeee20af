/**
 * Reads frames from a stream of bytes; each byte is copied once, by the kernel.
 *
 * Two buffers take turns. While the caller still writes one frame's data to a
 * disk, the next frame is read into the other, and a large frame is read to its
 * exact end so that nothing of the next one has to be moved.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import type { Semaphore } from "../base/semaphore.ts";
import { decodeFrame, decodeHeader } from "../wire/encoding.ts";
import {
  DATA_HEAD_BYTES,
  type Frame,
  type Header,
  HEADER_BYTES,
  MAX_DATA_BYTES,
} from "../wire/frames.ts";
import { MAX_GREETING_BYTES } from "../wire/hello.ts";
import { checkPreface, PREFACE } from "../wire/preface.ts";

/** Enough for preface and HELLO: before HELLO a connection costs no more. */
const FIRST_BUFFER_BYTES = PREFACE.length + HEADER_BYTES + MAX_GREETING_BYTES;

/** Enough for many small frames. */
const SMALL_BUFFER_BYTES = 65_536;

/** Memory of a connection with large frames, in bytes: two such buffers. */
const LARGE_BYTES = 2 * (DATA_HEAD_BYTES + MAX_DATA_BYTES);

/** Reads frames from a connection. */
export class FrameReader {
  readonly #read: (into: Uint8Array) => Promise<number | null>;
  readonly #budget: Semaphore | undefined;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #spare = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #large = false;
  /** Frames since the last large one, whose bytes are in use until the second. */
  #since = 0;
  #released = false;
  /** Ends a wait for large buffers when the reader is released. */
  readonly #leaving = new AbortController();

  /**
   * Makes a reader.
   *
   * @param read Reads some bytes; `null` at the end.
   * @param budget Bytes for large buffers, shared by many readers.
   */
  constructor(
    read: (into: Uint8Array) => Promise<number | null>,
    budget?: Semaphore,
  ) {
    this.#read = read;
    this.#budget = budget;
  }

  /** Gives its share of the budget back. It reads no large frame any more. */
  release(): void {
    if (this.#large && !this.#released) this.#budget?.release(LARGE_BYTES);
    this.#released = true;
    this.#leaving.abort(closedHere());
  }

  /**
   * Reads the peer's preface.
   *
   * @returns `false` where the peer ended before its first byte.
   * @throws {TransferError} `protocol` for anything else than the preface, `lost`
   * when the peer ended inside it.
   */
  async preface(): Promise<boolean> {
    for (let need = 1; need <= PREFACE.length; need++) {
      if (!await this.#fill(need)) return false;
      if (checkPreface(this.#buffer.subarray(this.#start, this.#end))) break;
    }
    this.#start += PREFACE.length;
    return true;
  }

  /**
   * Reads the next frame.
   *
   * @param limit Longest payload to accept in bytes. @default {Infinity}
   * @returns The frame, or `null` where the peer ended between two frames. The
   * bytes of a DATA frame stay as they are until the second call after this.
   * @throws {TransferError} `lost` when the peer ended inside a frame,
   * `protocol` or `integrity` when the frame is not right.
   */
  async next(limit = Infinity): Promise<Frame | null> {
    this.#shrink();
    if (!await this.#fill(HEADER_BYTES)) return null;
    const header = decodeHeader(
      this.#buffer.subarray(this.#start, this.#start + HEADER_BYTES),
    );
    if (header.length > limit) throw tooEarly(header);
    const length = HEADER_BYTES + header.length;
    this.#since = length > SMALL_BUFFER_BYTES ? 0 : this.#since + 1;
    await this.#fill(length);
    const frame = this.#buffer.subarray(this.#start, this.#start + length);
    this.#start += length;
    return decodeFrame(header, frame);
  }

  /** Reads until `need` bytes are buffered; `false` where the peer has ended. */
  async #fill(need: number): Promise<boolean> {
    if (need > SMALL_BUFFER_BYTES && !this.#large) await this.#reserve();
    if (this.#start + need > this.#buffer.length) this.#turn(need);
    while (this.#end - this.#start < need) {
      const limit = need > SMALL_BUFFER_BYTES
        ? this.#start + need
        : this.#buffer.length;
      const count = await this.#read(
        this.#buffer.subarray(this.#end, limit),
      );
      if (count !== null) {
        this.#end += count;
        continue;
      }
      if (this.#end === this.#start) return false;
      throw new TransferError(
        "lost",
        {
          doing: "read the next frame",
          found: "the connection ended inside it",
        },
      );
    }
    return true;
  }

  /** Gives up large buffers that are not in use, where others wait for them. */
  #shrink(): void {
    const unused = this.#since >= 2 && this.#start === this.#end;
    if (!this.#large || !unused || !this.#budget?.contended) return;
    this.#buffer = new Uint8Array(SMALL_BUFFER_BYTES);
    this.#spare = new Uint8Array(0);
    this.#start = this.#end = 0;
    this.#large = false;
    this.#budget.release(LARGE_BYTES);
  }

  /** Waits for its turn to hold large buffers. */
  async #reserve(): Promise<void> {
    await this.#budget?.acquire(LARGE_BYTES, { signal: this.#leaving.signal });
    this.#large = true;
    if (!this.#released) return;
    this.#budget?.release(LARGE_BYTES);
    throw closedHere();
  }

  /** Goes on in the other buffer, or in a larger one. */
  #turn(need: number): void {
    const rest = this.#buffer.subarray(this.#start, this.#end);
    const size = Math.max(need, SMALL_BUFFER_BYTES);
    // At the front already means that it is too small; the other one still
    // holds the frame before this one.
    const front = this.#start === 0;
    const next = !front && this.#spare.length >= size
      ? this.#spare
      : new Uint8Array(size);
    next.set(rest);
    if (!front) this.#spare = this.#buffer;
    this.#buffer = next;
    this.#end = rest.length;
    this.#start = 0;
  }
}

function closedHere(): TransferError {
  return new TransferError(
    "lost",
    {
      doing: "read the next frame",
      found: "the connection was closed on this side",
    },
  );
}

function tooEarly({ type, length }: Header): TransferError {
  return new TransferError(
    "protocol",
    {
      doing: "talk to the peer",
      found: `it said ${type.toUpperCase()} with ${length} bytes before ` +
        "it had introduced itself",
    },
  );
}
