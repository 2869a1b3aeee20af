/**
 * From a RECEIPT frame to what people and programs hold in their hands.
 *
 * @module
 */

import { toHex } from "../base/digest.ts";
import type { Receipt } from "../model/receipt.ts";
import type { ReceiptFrame } from "../wire/frames.ts";

/**
 * Makes a receipt of the frame that carried it.
 *
 * @param frame The frame.
 * @returns The same for people and programs.
 */
export function receiptOf(frame: ReceiptFrame): Receipt {
  return {
    id: toHex(frame.id),
    name: frame.name,
    bytes: frame.length,
    sha256: toHex(frame.digest),
    durable: frame.durable,
    existing: frame.existing,
    committedAt: new Date(frame.committedAt).toISOString(),
  };
}
