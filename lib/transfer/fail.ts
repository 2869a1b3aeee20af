/**
 * Failures on their way to the other side, and from there.
 *
 * @module
 */

import { type Code, foundBy, TransferError } from "../base/errors.ts";
import { printable } from "../base/escape.ts";
import { type Fail, MAX_REASON_BYTES } from "../wire/frames.ts";

/** Codes that either side can know: of the conversation, or of itself. */
const EITHER: readonly Code[] = [
  ...["internal", "auth", "protocol", "integrity", "lost", "stalled"] as const,
];

/** Codes that only one side can know. */
const OWN: Readonly<Record<"sender" | "receiver", readonly Code[]>> = {
  sender: ["source", "source-changed"],
  receiver: ["rejected", "remote-io"],
};

/**
 * Turns a peer's FAIL into an error.
 *
 * A code is a promise about what this side knows: `unconfirmed` that everything
 * was sent, `connect` that nothing was. A peer can only speak for itself; any
 * other code from it becomes `protocol`.
 *
 * @param frame What the peer said.
 * @param doing What could not be done because of it: "receive".
 * @param peer Which side said it; absent before both HELLOs, when no side can
 * know more than the other.
 * @returns The error, with the peer's code and reason.
 */
export function errorOfFail(
  frame: Fail,
  doing: string,
  peer?: keyof typeof OWN,
): TransferError {
  const { code, retriable } = frame;
  // A peer that keeps to the protocol has escaped the names in it already.
  const reason = printable(frame.reason);
  if (EITHER.includes(code) || (peer && OWN[peer].includes(code))) {
    return new TransferError(code, { doing, found: reason }, { retriable });
  }
  return new TransferError("protocol", {
    doing,
    found: `the peer says "${code}", which it cannot know: ${reason}`,
  });
}

/** What stands before the system's message in a FAIL, for each code. */
const WHOSE: Partial<Record<Code, string>> = {
  source: "the sender cannot read it",
  "remote-io": "the receiver cannot store it",
};

/**
 * Makes the FAIL that tells the other side of a failure.
 *
 * @param entry The entry that failed, or SESSION.
 * @param error The failure. A code that only this side knows becomes
 * `remote-io`: for the peer this side's disk is a remote one.
 * @returns The frame.
 */
export function failFrameOf(entry: number, error: TransferError): Fail {
  const known = [EITHER, OWN.sender, OWN.receiver].flat();
  const code = known.includes(error.code) ? error.code : "remote-io";
  // A character is at most four bytes of UTF-8.
  const found = error.cause instanceof Deno.errors.NotCapable
    ? "it is not permitted to" // the rest names paths on this side
    : foundBy(error, WHOSE[code]);
  const reason = found.slice(0, MAX_REASON_BYTES / 4);
  return { type: "fail", entry, code, retriable: error.retriable, reason };
}
