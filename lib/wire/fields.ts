/**
 * Big-endian fields, written and read strictly.
 *
 * The reader never allocates by a number from the peer before it has compared
 * that number with the bytes that are there. It accepts one encoding of each
 * value only: what it reads, the writer writes back the same.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";

const encoder = new TextEncoder();
// ignoreBOM keeps a leading byte order mark, so that the text encodes back.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The last moment of a `Date`, and with a minus the first one. */
const MAX_TIME_MS = 8.64e15;

/** Appends fields to a buffer that grows. */
export class FieldWriter {
  #bytes = new Uint8Array(128);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** What was written so far; a view, valid until the next write. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Appends one byte. */
  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  /** Appends 16 bits. */
  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value);
    return this;
  }

  /** Appends 32 bits. */
  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value);
    return this;
  }

  /** Appends a whole number of 0 to 2^53 - 1 in 64 bits. */
  u64(value: number): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, BigInt(value));
    return this;
  }

  /** Appends a whole number of magnitude below 2^53 in 64 bits. */
  i64(value: number): this {
    const at = this.#grow(8);
    this.#view.setBigInt64(at, BigInt(value));
    return this;
  }

  /** Appends bytes as they are; the reader must know their number. */
  raw(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Appends UTF-8 after its length in 16 bits. */
  text(value: string): this {
    const bytes = encoder.encode(value);
    if (bytes.length > 0xffff) {
      throw new RangeError(`Cannot encode text of ${bytes.length} bytes`);
    }
    return this.u16(bytes.length).raw(bytes);
  }

  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(this.#length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** Takes fields from the front of a payload. */
export class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;

  /**
   * Makes a reader.
   *
   * @param bytes The payload; views into it are handed out.
   * @param what The frame's name, for messages.
   */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Takes one byte. */
  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** Takes 16 bits. */
  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  /** Takes 32 bits. */
  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** Takes 64 bits that must hold a whole number below 2^53. */
  u64(): number {
    return this.#safe(this.#view.getBigUint64(this.#take(8)));
  }

  /** Takes 64 signed bits of magnitude below 2^53. */
  i64(): number {
    return this.#safe(this.#view.getBigInt64(this.#take(8)));
  }

  /** Takes milliseconds since 1970 that a `Date` can hold (ECMA-262 21.4.1.1). */
  time(): number {
    const value = this.i64();
    if (Math.abs(value) <= MAX_TIME_MS) return value;
    throw this.error(`it holds the time ${value}, beyond any date`);
  }

  /** Takes bytes as they are: a view, to be copied where it is kept. */
  raw(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** Takes UTF-8 after its length; anything else than UTF-8 is an error. */
  text(): string {
    const bytes = this.raw(this.u16());
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw this.error("a text in it is not UTF-8", cause);
    }
  }

  /** Takes one byte that must be a key of the table. */
  oneOf<T>(table: ReadonlyMap<number, T>, field: string): T {
    const key = this.u8();
    const value = table.get(key);
    if (value === undefined) throw this.error(`its ${field} is ${key}`);
    return value;
  }

  /** Takes one byte in which only the given bits may be set. */
  bits(known: number): number {
    const value = this.u8();
    if (value & ~known) throw this.error(`it sets unknown flags ${value}`);
    return value;
  }

  /** Takes bytes that must be zero: room for a later version. */
  zero(count: number): void {
    if (this.raw(count).some((byte) => byte !== 0)) {
      throw this.error("its reserved bytes are in use");
    }
  }

  /** Throws where anything is left. */
  end(): void {
    if (this.left > 0) throw this.error(`${this.left} bytes are left over`);
  }

  /** Makes the error for this frame. */
  error(found: string, cause?: unknown): TransferError {
    return new TransferError(
      "protocol",
      { doing: `read the ${this.#what} frame`, found },
      { cause },
    );
  }

  #take(count: number): number {
    if (count > this.left) {
      throw this.error(`it needs ${count} bytes more and has ${this.left}`);
    }
    const at = this.#at;
    this.#at += count;
    return at;
  }

  #safe(value: bigint): number {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) {
      throw this.error(`it holds the number ${value}, beyond 2^53`);
    }
    return number;
  }
}
