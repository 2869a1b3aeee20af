/**
 * Frames out of a stream of bytes, each copied once: from the kernel.
 *
 * Two buffers take turns. While the caller still writes one frame's data to a
 * disk, the next frame is read into the other, and a large frame is read to its
 * exact end so that nothing of the next one has to be moved.
 *
 * @module
 */

import { TransferError } from "./errors.ts";
import { type Frame, type Header, HEADER_BYTES } from "./frames.ts";
import { checkPreface, PREFACE } from "./preface.ts";
import { decodeFrame, decodeHeader } from "./wire.ts";

/** Enough for many small frames; grows when a large one comes. */
const SMALL_BUFFER_BYTES = 65_536;

/**
 * Most bytes asked of the kernel at once: what stays in a processor's cache
 * between the kernel's copy and ours (measured in bench/).
 */
const READ_BYTES = 262_144;

/** Takes frames from a connection. */
export class FrameReader {
  readonly #read: (into: Uint8Array) => Promise<number | null>;
  #buffer = new Uint8Array(SMALL_BUFFER_BYTES);
  #spare = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /**
   * Makes a reader.
   *
   * @param read Reads some bytes; `null` at the end.
   */
  constructor(read: (into: Uint8Array) => Promise<number | null>) {
    this.#read = read;
  }

  /**
   * Takes the peer's preface.
   *
   * @returns `false` where the peer ended without a word.
   * @throws {TransferError} `protocol` for anything else than the preface.
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
   * Takes the next frame.
   *
   * @returns The frame, or `null` where the peer ended between two frames. The
   * bytes of a DATA frame stay as they are until the second call after this.
   * @throws {TransferError} `lost` when the peer ended inside a frame,
   * `protocol` or `integrity` when the frame is not right.
   *
   * @param limit Longest payload to take from this peer by now, in bytes.
   */
  async next(limit = Infinity): Promise<Frame | null> {
    if (!await this.#fill(HEADER_BYTES)) return null;
    const header = decodeHeader(
      this.#buffer.subarray(this.#start, this.#start + HEADER_BYTES),
    );
    if (header.length > limit) throw tooEarly(header);
    const length = HEADER_BYTES + header.length;
    await this.#fill(length);
    const frame = this.#buffer.subarray(this.#start, this.#start + length);
    this.#start += length;
    return decodeFrame(header, frame);
  }

  /** Sees to it that `need` bytes are there; `false` at an end before them. */
  async #fill(need: number): Promise<boolean> {
    if (this.#start + need > this.#buffer.length) this.#turn(need);
    while (this.#end - this.#start < need) {
      const limit = need > SMALL_BUFFER_BYTES
        ? this.#start + need
        : this.#buffer.length;
      const count = await this.#read(
        this.#buffer.subarray(
          this.#end,
          Math.min(limit, this.#end + READ_BYTES),
        ),
      );
      if (count !== null) {
        this.#end += count;
        continue;
      }
      if (this.#end === this.#start) return false;
      throw new TransferError(
        "lost",
        "Cannot read the next frame: the connection ended inside it",
      );
    }
    return true;
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

function tooEarly({ type, length }: Header): TransferError {
  return new TransferError(
    "protocol",
    `Cannot talk to the peer: it said ${type.toUpperCase()} with ${length} ` +
      "bytes before it had introduced itself",
  );
}
