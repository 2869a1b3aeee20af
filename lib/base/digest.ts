/**
 * The two checks on data: SHA-256 for what arrived, CRC-32 for each frame.
 *
 * Both come from the runtime's `node:` modules, which are the fastest that can
 * be had here: they use the processor's own instructions and, unlike
 * `crypto.subtle`, take a stream piece by piece.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import { crc32 as zlibCrc32 } from "node:zlib";

/** Length of a SHA-256 digest in bytes. */
export const DIGEST_BYTES = 32;

/**
 * The SHA-256 of a stream, taken piece by piece (FIPS 180-4).
 *
 * @example The digest of two pieces
 * ```ts
 * import { Digest } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const digest = new Digest();
 * digest.update(new TextEncoder().encode("a"));
 * digest.update(new TextEncoder().encode("bc"));
 * const [first, second] = digest.finish();
 * assertEquals([first, second], [0xba, 0x78]);
 * ```
 */
export class Digest {
  readonly #hash: Hash;

  /**
   * Begins a stream, or goes on with one.
   *
   * @param from Whose stream to go on with; it stays as it is.
   */
  constructor(from?: Digest) {
    this.#hash = from ? from.#hash.copy() : createHash("sha256");
  }

  /**
   * Takes the next piece in.
   *
   * @param piece Read at once; it may change afterwards.
   */
  update(piece: Uint8Array): void {
    this.#hash.update(piece);
  }

  /**
   * Ends the stream. Call it once.
   *
   * @returns The 32 bytes.
   */
  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#hash.digest());
  }
}

/**
 * Takes the SHA-256 of bytes that are all there.
 *
 * @param parts Taken one after the other, as if they were one.
 * @returns The 32 bytes.
 */
export function sha256(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const digest = new Digest();
  for (const part of parts) digest.update(part);
  return digest.finish();
}

/**
 * The CRC-32 of ISO 3309, as in zip and Ethernet. It finds damage, not malice.
 *
 * @param piece The bytes.
 * @param seed The CRC of what came before, to go on from.
 * @returns An unsigned 32-bit number.
 */
export function crc32(piece: Uint8Array, seed = 0): number {
  return zlibCrc32(piece, seed);
}

/**
 * Compares two byte strings.
 *
 * Not for secrets: it stops at the first difference.
 *
 * @param a One.
 * @param b The other.
 * @returns Whether they are the same.
 */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
