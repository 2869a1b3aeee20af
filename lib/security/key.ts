/**
 * The shared key, as people copy it and as programs use it.
 *
 * `hck1_` and 56 letters and digits: 256 random bits and a checksum of 24, in
 * base32 (RFC 4648 section 6), so that a double click selects all of it and a
 * mistyped character is found here instead of at the other end. Nothing in this
 * module, its errors included, ever shows a key.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { hkdfSync } from "node:crypto";
import { sameBytes, sha256 } from "../base/digest.ts";
import { TransferError } from "../base/errors.ts";
import { VERSION } from "../wire/preface.ts";

/** How every key of this version begins. */
const PREFIX = "hck1_";

/** 256 bits: nobody guesses that, online or from a recorded conversation. */
const KEY_BYTES = 32;

/** One mistyped key in 2^24 passes, and the peer refuses that one. */
const CHECKSUM_BYTES = 3;

/** Eight characters for each five bytes. */
const BODY_CHARACTERS = (KEY_BYTES + CHECKSUM_BYTES) * 8 / 5;

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * Makes a key for a sender and a receiver to share.
 *
 * @returns The key as text, 61 characters.
 *
 * @example One key for both sides
 * ```ts
 * import { generateKey, memorySink, send, serve } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const key = generateKey();
 * await using server = serve({ sink: memorySink(), key });
 * const receipt = await send(new Uint8Array(3), server.addr, { key });
 * assertEquals(receipt.bytes, 3);
 * ```
 */
export function generateKey(): string {
  return formatKey(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
}

/**
 * Writes a key as text.
 *
 * @param key Its 32 bytes.
 * @returns The text that {@linkcode parseKey} reads.
 */
export function formatKey(key: Uint8Array): string {
  const bytes = concat([key, checksum(key)]);
  let text = "", held = 0, bits = 0;
  for (const byte of bytes) {
    held = held << 8 | byte;
    for (bits += 8; bits >= 5; bits -= 5) {
      text += ALPHABET[held >>> bits - 5 & 31];
    }
    held &= 31;
  }
  return PREFIX + text;
}

/**
 * Reads a key from text. Blanks around it and capital letters do no harm.
 *
 * @param text What somebody copied.
 * @returns Its 32 bytes.
 * @throws {TransferError} `usage`, saying what is wrong with it, not what it
 * is.
 */
export function parseKey(text: string): Uint8Array {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "") throw wrong("it is empty");
  if (!trimmed.startsWith(PREFIX)) {
    throw wrong(`it does not begin with ${PREFIX}`);
  }
  const body = trimmed.slice(PREFIX.length);
  if (body.length !== BODY_CHARACTERS) {
    throw wrong(
      `it has ${body.length} characters behind ${PREFIX} and must have ` +
        BODY_CHARACTERS,
    );
  }
  const bytes = new Uint8Array(KEY_BYTES + CHECKSUM_BYTES);
  let held = 0, bits = 0, at = 0;
  for (const [index, character] of [...body].entries()) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) {
      throw wrong(
        `character ${PREFIX.length + index + 1} is not one of a to z, 2 to 7`,
      );
    }
    held = held << 5 | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >>> bits;
    held &= (1 << bits) - 1;
  }
  const key = bytes.slice(0, KEY_BYTES);
  if (!sameBytes(checksum(key), bytes.subarray(KEY_BYTES))) {
    throw wrong("its checksum does not fit, so a character was mistyped");
  }
  return key;
}

/**
 * Reads a key in either form that the options take.
 *
 * @param key Its text, or its 32 bytes, of which a copy is taken.
 * @returns Its 32 bytes.
 * @throws {TransferError} `usage`, saying what is wrong with it, not what it
 * is.
 */
export function keyBytesOf(key: string | Uint8Array): Uint8Array {
  if (typeof key === "string") return parseKey(key);
  // Not slice(): a Buffer's one shares the memory.
  if (key.length === KEY_BYTES) return new Uint8Array(key);
  throw wrong(`it has ${key.length} bytes and must have ${KEY_BYTES}`);
}

/**
 * Derives a secret for one purpose; two purposes' secrets tell nothing about
 * each other (HKDF, RFC 5869).
 *
 * @param secret A key's bytes, or a token's.
 * @param purpose What it is for; each purpose has a label of its own.
 * @returns 32 bytes.
 */
export function derive(
  secret: Uint8Array,
  purpose: "identity" | "challenge" | "proof" | "token",
): Uint8Array<ArrayBuffer> {
  const info = `halfclose ${VERSION} ${purpose}`;
  return new Uint8Array(
    hkdfSync("sha256", secret, new Uint8Array(0), info, KEY_BYTES),
  );
}

function checksum(key: Uint8Array): Uint8Array {
  const label = new TextEncoder().encode("halfclose key");
  return sha256(label, key).subarray(0, CHECKSUM_BYTES);
}

function wrong(found: string): TransferError {
  return new TransferError(
    "usage",
    { doing: "read the key", found: `${found}; "halfclose keygen" makes one` },
  );
}
