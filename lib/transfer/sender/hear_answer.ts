/**
 * What a receiver's frame about an entry means to the sender.
 *
 * @module
 */

import { TransferError } from "../../base/errors.ts";
import type { Phase } from "../../model/progress.ts";
import type { Receipt } from "../../model/receipt.ts";
import type { Frame } from "../../wire/frames.ts";
import { errorOfFail } from "../fail.ts";
import type { TransmissionTable } from "./transmission_table.ts";

/** What hearing an answer needs of its session. */
export interface AnswerOptions {
  /** The transfer's id. */
  id: Uint8Array;
  /** Called with what the receiver is doing, when it says so. */
  onPhase(phase: Phase): void;
  /** Called with each receipt, once its entry is settled. */
  onReceipt(receipt: Receipt): void;
}

/**
 * Notes what a receiver answers about an entry.
 *
 * @param frame Anything but a FAIL for the session.
 * @param entries The session's entries.
 * @param options What it needs of the session.
 * @throws {TransferError} `protocol` for a frame out of place, and for a receipt
 * before the END; `integrity` for a receipt that does not fit.
 */
export function hearAnswer(
  frame: Frame,
  entries: TransmissionTable,
  { id, onPhase, onReceipt }: AnswerOptions,
): void {
  const one = "entry" in frame ? entries.find(frame.entry) : undefined;
  if (frame.type === "alive") {
    if (one) entries.count(one, frame.bytes);
    return onPhase(frame.phase);
  }
  if (one && frame.type === "accept" && one.stage === "announced") {
    return one.accept(frame);
  }
  if (one && frame.type === "receipt") {
    onReceipt(entries.settle(one, frame, id));
    return onPhase("committing");
  }
  if (one && frame.type === "fail") {
    const doing = `deliver ${one.entry.title}`;
    return entries.fail(one.entry, errorOfFail(frame, doing, "receiver"));
  }
  // Both sides gave the entry up, and the two FAILs crossed on the way.
  if (frame.type === "fail" && entries.hasFailed(frame.entry)) return;
  throw new TransferError("protocol", {
    doing: "go on",
    found: `the receiver said ${frame.type.toUpperCase()} out of place`,
  });
}
