/**
 * Turns a RECEIPT frame into a receipt for people and programs.
 *
 * @module
 */

import type { Receipt } from "../model/receipt.ts";
import type { ReceiptFrame } from "../wire/frames.ts";

/**
 * Makes a receipt of the frame that carried it.
 *
 * @param frame The frame.
 * @returns The receipt, with its bytes as hexadecimal text.
 */
export function receiptOf(frame: ReceiptFrame): Receipt {
  return {
    id: frame.id.toHex(),
    name: frame.name,
    bytes: frame.length,
    sha256: frame.digest.toHex(),
    durable: frame.durable,
    existing: frame.existing,
    committedAt: new Date(frame.committedAt).toISOString(),
  };
}
