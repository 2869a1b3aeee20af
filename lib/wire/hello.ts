/**
 * HELLO: what this side offers, and what two sides agree on.
 *
 * @module
 */

import { type Algorithm, DIGEST_NAMES } from "../base/digest.ts";
import { TransferError } from "../base/errors.ts";
import {
  type Codec,
  CODEC_BITS,
  CODEC_PREFERENCE,
  DIGEST_PREFERENCE,
  digestBit,
} from "./algorithms.ts";
import type { Frame, Hello } from "./frames.ts";
import { LAYOUTS } from "./layouts.ts";

/** What a HELLO offers, as sets of bits. */
export type Offer = Pick<Hello, "features" | "required" | "digests" | "codecs">;

/** What this side offers: SHA-256, data as it is, no optional feature. */
export const OFFER: Offer = { features: 0, required: 0, digests: 1, codecs: 1 };

/** What two sides use on their connection, once both HELLOs are known. */
export interface Agreement {
  /** The algorithm of every digest on the wire. */
  readonly digest: Algorithm;
  /** The codec of DATA. */
  readonly codec: Codec;
  /** The features that both sides offer, as bits. */
  readonly features: number;
}

/** Longest payload in bytes before both proofs: that of HELLO or FAIL. */
export const MAX_GREETING_BYTES: number = Math.max(
  LAYOUTS.hello.max,
  LAYOUTS.fail.max,
);

/**
 * Finds what two sides use: of what both offer, the best. Both sides come to the
 * same agreement, because it does not depend on which of the offers is whose.
 *
 * @param ours This side's offer.
 * @param theirs The peer's offer.
 * @returns The agreement.
 * @throws {TransferError} `protocol` where one side requires a feature that the
 * other does not offer, or where they have no digest or no codec in common.
 */
export function agree(ours: Offer, theirs: Offer): Agreement {
  const { required, digests, codecs } = theirs;
  const digest = DIGEST_PREFERENCE
    .find((one) => digestBit(one) & ours.digests & digests);
  const codec = CODEC_PREFERENCE
    .find((one) => CODEC_BITS[one] & ours.codecs & codecs);
  // Bitwise operators give signed numbers.
  const lacking = (required & ~ours.features) >>> 0;
  if (lacking) throw incompatible(`it requires unknown features (${lacking})`);
  const wanted = (ours.required & ~theirs.features) >>> 0;
  if (wanted) throw incompatible(`it lacks required features (${wanted})`);
  if (!digest) throw incompatible(`no digest in common (it has ${digests})`);
  if (!codec) throw incompatible(`no codec in common (it has ${codecs})`);
  return { digest, codec, features: (ours.features & theirs.features) >>> 0 };
}

function incompatible(found: string): TransferError {
  return new TransferError("protocol", { doing: "talk to the peer", found });
}

/**
 * Checks that a frame's digest is of the algorithm that was agreed on.
 *
 * @param frame Any frame; most hold no digest.
 * @param agreement What the two sides agreed on.
 * @throws {TransferError} `protocol` where it is another algorithm.
 */
export function checkAlgorithm(frame: Frame, { digest }: Agreement): void {
  if (!("algorithm" in frame) || frame.algorithm === digest) return;
  throw new TransferError(
    "protocol",
    {
      doing: "go on",
      found: `the peer said ${frame.type.toUpperCase()} with ` +
        `${DIGEST_NAMES[frame.algorithm]} where ${DIGEST_NAMES[digest]} was ` +
        "agreed on",
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
