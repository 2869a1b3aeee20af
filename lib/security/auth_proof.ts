/**
 * Who knows the secret can prove it; nobody else learns anything from it.
 *
 * Every proof is HMAC-SHA-256 (RFC 2104) over a label that names its place in
 * the conversation and who says it, both sides' fresh nonces, and all that both
 * sides must have seen alike. So a proof cannot be said again in another
 * conversation, by the other side, or through somebody in the middle.
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

/** What a connection's owner must prove, and hear proven, on it. */
export interface Credentials {
  /** Which side this is. */
  role: Role;
  /** Derived from the key or the token, for proofs alone. */
  secret: Uint8Array;
  /** SHA-256 of the certificate that this side saw, or showed. */
  binding: Uint8Array;
}

/**
 * Makes the proof that a side says inside the encrypted channel.
 *
 * @param credentials The secret and the certificate's hash.
 * @param role Who says it, whichever side this is.
 * @param said Of the sender and of the receiver in this order: the HELLO
 * frame's bytes and the nonce.
 * @returns The proof.
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
 * Makes the proof that a sender says in the open, before anything else: that it
 * has the key. It tells nobody else anything (a key has 256 random bits).
 *
 * @param secret Derived from the key, for the key challenge alone.
 * @param sender The sender's nonce.
 * @param receiver The receiver's.
 * @returns The proof.
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
 * Checks a proof against the right one, in a time that says nothing about where
 * they differ.
 *
 * @param said What the peer said.
 * @param right What it must be.
 * @param who Whose proof it is, for the message.
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
 * The error for a side that has not shown the secret, whatever it said instead.
 *
 * @param who Which side.
 * @returns `auth`, always in the same words.
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

/** A fresh nonce. */
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
