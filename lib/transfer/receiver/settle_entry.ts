/**
 * How an entry is settled at the receiver: the steps from its END to its
 * receipt, in their order.
 *
 * @module
 */

import type { Receipt } from "../../model/receipt.ts";
import type { End, ReceiptFrame } from "../../wire/frames.ts";
import { receiptOf } from "../receipt_frame.ts";
import type { IncomingEntry } from "./incoming_entry.ts";

/** What settling an entry needs of its session. */
export interface SettleOptions {
  /** The transfer's id. */
  id: Uint8Array;
  /** Called once the content is verified: nothing more is read of it. */
  onVerified(): void;
  /** What must be committed before this entry, if anything. */
  commitAfter: Promise<void> | undefined;
  /** Says the receipt to the sender. */
  say(frame: ReceiptFrame): void;
}

/**
 * Verifies an entry, commits it and says its receipt.
 *
 * @param incoming The entry, all of whose data has come.
 * @param end What the sender says it sent.
 * @param options What it needs of the session.
 * @returns The receipt that was said.
 * @throws {TransferError} As {@linkcode IncomingEntry.verify} and
 * {@linkcode IncomingEntry.commit}; then no receipt was said.
 */
export async function settleEntry(
  incoming: IncomingEntry,
  end: End,
  { id, onVerified, commitAfter, say }: SettleOptions,
): Promise<Receipt> {
  await incoming.verify(end);
  onVerified();
  await commitAfter;
  const frame = await incoming.commit(end, id);
  // A signature or a journal goes here: between the commit and the receipt.
  say(frame);
  return receiptOf(frame);
}
