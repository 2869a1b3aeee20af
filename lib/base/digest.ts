/**
 * The two checks on data: a digest for what arrived, CRC-32 for each frame.
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

/** A digest algorithm: SHA-256 (FIPS 180-4) is the only one so far. */
export type Algorithm = "sha256";

/** Length of a digest in bytes, for each algorithm. */
export const DIGEST_BYTES: Readonly<Record<Algorithm, number>> = { sha256: 32 };

/** Name of each algorithm in messages. */
export const DIGEST_NAMES: Readonly<Record<Algorithm, string>> = {
  sha256: "SHA-256",
};

/**
 * The digest of a stream, taken piece by piece.
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
  /** The algorithm. */
  readonly algorithm: Algorithm;
  readonly #hash: Hash;

  /**
   * Begins a stream, or goes on with one.
   *
   * @param from The algorithm, or the stream to go on with, which stays as it
   * is. @default {"sha256"}
   */
  constructor(from: Algorithm | Digest = "sha256") {
    const going = typeof from === "object";
    this.algorithm = going ? from.algorithm : from;
    this.#hash = going ? from.#hash.copy() : createHash(from);
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
   * @returns As many bytes as the algorithm has: 32 for SHA-256.
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
  const digest = new Digest("sha256");
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
