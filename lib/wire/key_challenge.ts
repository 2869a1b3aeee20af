/**
 * The key challenge: unencrypted bytes by which a sender shows that it has the
 * receiver's key, before TLS begins.
 *
 * Anybody can connect to an open port. So that an unauthenticated peer never
 * reaches a TLS stack, never holds a handshake open, and learns nothing, a
 * sender with a key begins with a challenge of fixed length:
 *
 * ```text
 * sender                                receiver
 *   preface 0x82, nonce   ───▶                              40 bytes
 *                         ◀───          preface 0x82, nonce 40 bytes
 *   HMAC of both nonces   ───▶                              32 bytes
 *                         ◀───          TLS ClientHello, or a refusal
 * ```
 *
 * The preface is that of mod.ts with the top bit of its last byte set. So a side
 * with a key and one without recognise each other at once and say so, and so do
 * two sides with different versions. A refusal is sent as mod.ts specifies,
 * unencrypted: preface 0x02, HELLO, FAIL.
 *
 * Then TLS 1.3 begins, with the receiver as its client: the sender presents the
 * certificate that belongs to the key, and the receiver can compute the same one
 * (security/key_certificate.ts). The reason is that the runtime can start TLS on
 * an accepted connection only as a client, and that a server's handshake that
 * begins too early keeps its descriptor for as long as the peer likes. Inside
 * TLS both sides prove the key once more, bound to the certificate and to each
 * other's HELLO (security/exchange_proofs.ts).
 *
 * This module is pure.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { sameBytes } from "../base/digest.ts";
import { NONCE_BYTES } from "./frames.ts";
import { KEYED_VERSION, PREFACE } from "./preface.ts";

/** The preface of a side that has a key. */
export const KEYED_PREFACE: Readonly<Uint8Array> = prefaceOf(KEYED_VERSION);

/** Length of a key challenge in bytes: preface and nonce. */
export const KEY_CHALLENGE_BYTES: number = KEYED_PREFACE.length + NONCE_BYTES;

/**
 * Encodes a key challenge, or the receiver's answer to one.
 *
 * @param nonce This side's nonce.
 * @returns {@linkcode KEY_CHALLENGE_BYTES} bytes.
 */
export function encodeKeyChallenge(nonce: Uint8Array): Uint8Array {
  return concat([KEYED_PREFACE as Uint8Array, nonce]);
}

/**
 * Says whether a peer begins with a key challenge.
 *
 * @param bytes The peer's first bytes, up to {@linkcode KEYED_PREFACE}'s length.
 * @returns Whether it does; `undefined` asks for more bytes.
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
