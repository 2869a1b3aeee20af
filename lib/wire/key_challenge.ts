/**
 * What is said in the open where there is a key: who has none goes no further.
 *
 * An open port is visited by everybody. So that no stranger ever gets to talk to
 * a TLS stack, to hold a half-done handshake open, or to be told anything, a
 * sender with a key knocks first, in fixed bytes:
 *
 * ```text
 * sender                                receiver
 *   preface 0x81, nonce   ───▶                              40 bytes
 *                         ◀───          preface 0x81, nonce 40 bytes
 *   HMAC of both nonces   ───▶                              32 bytes
 *                         ◀───          TLS ClientHello, or a refusal
 * ```
 *
 * The preface is that of mod.ts with another last byte, so a side with a key
 * and one without recognise each other at once and say so. A refusal is spoken
 * as mod.ts says, unencrypted: preface 0x01, HELLO, FAIL.
 *
 * Then TLS 1.3 begins, and it is the receiver who takes the client's part in
 * it: the sender shows the certificate that belongs to the key, and the
 * receiver knows it already (security/key_certificate.ts). This way round because the runtime
 * can start TLS on an accepted connection only as a client, and because a
 * server's handshake that was begun too early would keep its descriptor for as
 * long as a stranger likes. Inside the channel both sides prove the key once
 * more, bound to the certificate and to each other's HELLO (security/exchange_proofs.ts).
 *
 * This module is pure.
 *
 * @module
 */

import { sameBytes } from "../base/digest.ts";
import { NONCE_BYTES } from "./frames.ts";
import { KEYED_VERSION, PREFACE } from "./preface.ts";

/** The preface of a side that has a key. */
export const KEYED_PREFACE: Readonly<Uint8Array> = prefaceOf(KEYED_VERSION);

/** Preface and nonce. */
export const KEY_CHALLENGE_BYTES: number = KEYED_PREFACE.length + NONCE_BYTES;

/**
 * Spells a knock, or the answer to one.
 *
 * @param nonce This side's.
 * @returns {@linkcode KEY_CHALLENGE_BYTES} bytes.
 */
export function encodeKeyChallenge(nonce: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(KEY_CHALLENGE_BYTES);
  bytes.set(KEYED_PREFACE as Uint8Array);
  bytes.set(nonce, KEYED_PREFACE.length);
  return bytes;
}

/**
 * Looks at how a peer begins.
 *
 * @param bytes Its first bytes, up to {@linkcode KEYED_PREFACE}'s length.
 * @returns Whether it knocks; `undefined` asks for more bytes.
 */
export function isKeyChallenge(bytes: Uint8Array): boolean | undefined {
  const begun = KEYED_PREFACE.subarray(0, bytes.length) as Uint8Array;
  if (!sameBytes(bytes.subarray(0, begun.length), begun)) return false;
  return bytes.length < KEYED_PREFACE.length ? undefined : true;
}

function prefaceOf(version: number): Uint8Array {
  const bytes = new Uint8Array(PREFACE as Uint8Array);
  bytes[bytes.length - 1] = version;
  return bytes;
}
