/**
 * Proofs that a side knows the secret; they tell nobody else anything about it.
 *
 * Every proof is HMAC-SHA-256 (RFC 2104) over a label that names its place in
 * the conversation and the side that sends it, both sides' fresh nonces, and
 * all that both sides must have seen alike. So a proof is worth nothing in
 * another conversation, from the other side, or through somebody in the middle.
 *
 * This module is pure: bytes in, bytes out.
 *
 * @module
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import { TransferError } from "../base/errors.ts";
import { NONCE_BYTES } from "../wire/frames.ts";
import { VERSION } from "../wire/preface.ts";

/** The two ends of a conversation. */
export type Role = "sender" | "receiver";

/** What both sides of a connection prove to each other on it. */
export interface Credentials {
  /** Which side this is. */
  role: Role;
  /** Derived from the key or the token for proofs alone, 32 bytes. */
  secret: Uint8Array;
  /** SHA-256 of the certificate that this side saw or showed. */
  binding: Uint8Array;
}

/**
 * Computes the proof that a side sends inside TLS.
 *
 * @param credentials The secret and the certificate's hash.
 * @param role The side that sends it, which may be the other one.
 * @param said The sender's, then the receiver's HELLO frame and nonce.
 * @returns 32 bytes.
 */
export function proofOf(
  { secret, binding }: Credentials,
  role: Role,
  said: { hello: Uint8Array; nonce: Uint8Array }[],
): Uint8Array {
  const parts = said.flatMap(({ hello, nonce }) => [nonce, hello]);
  return macOf(secret, `halfclose ${VERSION} proof of the ${role}`, [
    ...parts,
    binding,
  ]);
}

/**
 * Computes the sender's response to the key challenge, which is sent in the
 * open: nobody finds a key of 256 random bits by it.
 *
 * @param secret Derived from the key for the key challenge alone.
 * @param sender The sender's nonce.
 * @param receiver The receiver's nonce.
 * @returns 32 bytes.
 */
export function challengeResponseOf(
  secret: Uint8Array,
  sender: Uint8Array,
  receiver: Uint8Array,
): Uint8Array {
  return macOf(secret, `halfclose ${VERSION} key challenge of the sender`, [
    sender,
    receiver,
  ]);
}

/**
 * Checks a proof in a time that does not depend on where it differs.
 *
 * @param said The peer's proof.
 * @param right The right proof.
 * @param who The side whose proof it is, for the message.
 * @throws {TransferError} `auth` when they differ.
 */
export function checkProof(
  said: Uint8Array,
  right: Uint8Array,
  who: Role,
): void {
  if (said.length === right.length && timingSafeEqual(said, right)) return;
  throw notProven(who);
}

/**
 * The error for a side that has not proven the secret, whatever it sent
 * instead.
 *
 * @param who Which side.
 * @returns `auth`, always with the same message.
 */
export function notProven(who: Role): TransferError {
  return new TransferError(
    "auth",
    {
      doing: `trust the ${who}`,
      found: "the two sides do not have the same secret, or somebody is " +
        "in between; both must be given the same key or token",
    },
  );
}

/** Makes a fresh nonce: 32 random bytes. */
export function nonce(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
}

/** Every part has a fixed length, and the label ends in a zero byte. */
function macOf(
  secret: Uint8Array,
  label: string,
  parts: readonly Uint8Array[],
): Uint8Array {
  const mac = createHmac("sha256", secret).update(`${label}\0`);
  for (const part of parts) mac.update(part);
  return new Uint8Array(mac.digest());
}
