/**
 * What belongs in the first words of a conversation, and what does not.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import type { Frame, Hello } from "./frames.ts";
import { LAYOUTS } from "./layouts.ts";

/** SHA-256, data as it is, no optional feature: what version 2 can. */
export const OFFER = { features: 0, required: 0, digests: 1, codecs: 1 };

/** Longest payload of a peer that has not introduced itself: a FAIL's. */
export const MAX_GREETING_BYTES: number = LAYOUTS.fail.max;

/**
 * Checks a HELLO against what this side can do.
 *
 * @param hello The peer's.
 * @throws {TransferError} `protocol` when the two cannot talk.
 */
export function checkOffer({ required, digests, codecs }: Hello): void {
  if (required === 0 && (digests & 1) && (codecs & 1)) return;
  throw new TransferError(
    "protocol",
    {
      doing: "talk to the peer",
      found: "it insists on what this version has not (required " +
        `${required}, digests ${digests}, codecs ${codecs})`,
    },
  );
}

/**
 * The error for a frame that does not belong where it came.
 *
 * @param due What was to come.
 * @param frame What came; `null` where the peer ended.
 * @returns `lost` for an end, `protocol` for anything else.
 */
export function outOfTurn(
  due: Frame["type"],
  frame: Frame | null,
): TransferError {
  const name = due.toUpperCase();
  if (frame === null) {
    // Who says the preface speaks the protocol: it was cut off.
    return new TransferError(
      "lost",
      { doing: "talk to the peer", found: `it ended before its ${name}` },
    );
  }
  const said = frame.type.toUpperCase();
  return new TransferError(
    "protocol",
    {
      doing: "talk to the peer",
      found: due === "hello"
        ? `its first frame is ${said}, not HELLO`
        : `it said ${said} where ${name} was due`,
    },
  );
}
