/**
 * The exchange of proofs, right after the HELLOs.
 *
 * The sender proves first: a receiver sends nothing that depends on the secret
 * to a peer that has not proven it.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { TransferError } from "../base/errors.ts";
import { encodeFrame } from "../wire/encoding.ts";
import type { Frame, Hello } from "../wire/frames.ts";
import { checkProof, type Credentials, proofOf } from "./auth_proof.ts";

/**
 * How long after a wrong proof the answer comes, in milliseconds. The peer
 * keeps its place among the unauthenticated ones meanwhile, and their number is
 * limited, so guessing takes time; a person who chose the wrong file hardly
 * notices.
 */
export const FAILURE_DELAY_MS = 1_000;

/** How the frames of the exchange are read and written. */
export interface Greeting {
  /** Reads a frame of this type, and throws for any other. */
  hear<T extends Frame["type"]>(
    type: T,
  ): Promise<Extract<Frame, { type: T }>>;
  /** Sends a frame. */
  say(frame: Frame): void;
  /** Sends this side's HELLO and NONCE, once, and returns both. */
  greet(): { hello: Hello; nonce: Uint8Array };
}

/**
 * Proves this side's secret and checks the other side's proof.
 *
 * On abort: closing the connection rejects with what `greeting` throws then.
 *
 * @param credentials What this side has.
 * @param theirs The peer's HELLO.
 * @param greeting How to read and write frames.
 * @throws {TransferError} `auth` when the peer does not have the secret.
 */
export async function exchangeProofs(
  credentials: Credentials,
  theirs: Hello,
  greeting: Greeting,
): Promise<void> {
  const { nonce: theirNonce } = await greeting.hear("nonce");
  const own = greeting.greet();
  const ours = { hello: encodeFrame(own.hello), nonce: own.nonce };
  const peers = { hello: encodeFrame(theirs), nonce: theirNonce };
  if (credentials.role === "sender") {
    const said = [ours, peers];
    greeting.say({
      type: "proof",
      proof: proofOf(credentials, "sender", said),
    });
    const { proof } = await greeting.hear("proof");
    checkProof(proof, proofOf(credentials, "receiver", said), "receiver");
  } else {
    const said = [peers, ours];
    const { proof } = await greeting.hear("proof");
    await delayFailure(() =>
      checkProof(proof, proofOf(credentials, "sender", said), "sender")
    );
    greeting.say({
      type: "proof",
      proof: proofOf(credentials, "receiver", said),
    });
  }
}

/**
 * Checks the proof of an unauthenticated peer, and throws late when it is
 * wrong.
 *
 * @param check Throws when the proof is wrong.
 * @throws {TransferError} What `check` threw, {@linkcode FAILURE_DELAY_MS}
 * later.
 */
export async function delayFailure(check: () => void): Promise<void> {
  try {
    check();
  } catch (error) {
    if (error instanceof TransferError) await delay(FAILURE_DELAY_MS);
    throw error;
  }
}
