/**
 * The exchange of proofs, right after the HELLOs.
 *
 * The sender proves first: a receiver says nothing that depends on the secret
 * to anybody who has not shown to have it.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { TransferError } from "../base/errors.ts";
import { encodeFrame } from "../wire/encoding.ts";
import type { Frame, Hello } from "../wire/frames.ts";
import { checkProof, type Credentials, proofOf } from "./auth_proof.ts";

/**
 * How long a wrong proof waits for its answer, in milliseconds. It keeps its
 * place among the strangers meanwhile, and their number is limited, so guessing
 * takes time; a person who took the wrong file hardly notices.
 */
export const FAILURE_DELAY_MS = 1_000;

/** How the two sides talk meanwhile. */
export interface Greeting {
  /** Hears a frame of this type, and throws for any other. */
  hear<T extends Frame["type"]>(
    type: T,
  ): Promise<Extract<Frame, { type: T }>>;
  /** Says a frame. */
  say(frame: Frame): void;
  /** Says this side's HELLO and NONCE, unless that was done, and gives them. */
  greet(): { hello: Hello; nonce: Uint8Array };
}

/**
 * Proves this side's secret and has the other side prove it.
 *
 * @param credentials What this side has.
 * @param theirs The peer's HELLO.
 * @param greeting How to talk.
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
 * Runs a check of a stranger's proof; that it was wrong is told later.
 *
 * @param check Throws when it was.
 * @throws {TransferError} What the check threw, after {@linkcode FAILURE_DELAY_MS}.
 */
export async function delayFailure(check: () => void): Promise<void> {
  try {
    check();
  } catch (error) {
    if (error instanceof TransferError) await delay(FAILURE_DELAY_MS);
    throw error;
  }
}
