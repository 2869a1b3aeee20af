/**
 * Failures on their way to the other side, and from there.
 *
 * @module
 */

import { foundOf, TransferError } from "./errors.ts";
import { type Fail, MAX_REASON_BYTES } from "./frames.ts";
import { printable } from "./quote.ts";

/**
 * Turns a peer's FAIL into an error.
 *
 * @param frame What the peer said.
 * @param doing What could not be done because of it: "Cannot receive".
 * @returns The error, with the peer's code and reason.
 */
export function errorOfFail(frame: Fail, doing: string): TransferError {
  return new TransferError(
    frame.code,
    // Whoever keeps to the rules has escaped the names in it already.
    `${doing}: ${printable(frame.reason)}`,
    { retriable: frame.retriable },
  );
}

/**
 * Spells a failure for the other side.
 *
 * @param entry The entry that failed, or SESSION.
 * @param error What happened here. This side's disk is, for the other, a remote
 * one.
 * @returns The frame.
 */
export function failFrameOf(entry: number, error: TransferError): Fail {
  const code = error.code === "local-io" ? "remote-io" : error.code;
  // A character is at most four bytes of UTF-8.
  const found = error.cause instanceof Deno.errors.NotCapable
    ? "it is not permitted to" // the rest names paths on this side
    : foundOf(error);
  const reason = found.slice(0, MAX_REASON_BYTES / 4);
  return { type: "fail", entry, code, retriable: error.retriable, reason };
}
