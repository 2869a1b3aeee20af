/**
 * What both ends hold in their hands after a delivery.
 *
 * @module
 */

import { toHex } from "../base/digest.ts";
import type { Phase, ReceiptFrame } from "../wire/frames.ts";

/** Proof that an entry is where it belongs; the same on both sides. */
export interface Receipt {
  /** The transfer's id, 32 hexadecimal digits chosen by the sender. */
  id: string;
  /** The name the entry has at the receiver. */
  name: string;
  /** Its length in bytes; 0 for a directory. */
  bytes: number;
  /** The SHA-256 of its content, 64 hexadecimal digits. */
  sha256: string;
  /** Whether it and its name were on stable storage when this was said. */
  durable: boolean;
  /** Whether the same content was there before. */
  existing: boolean;
  /** When it was committed, by the receiver's clock, as ISO 8601. */
  committedAt: string;
}

/** How far a transfer is. */
export interface Progress {
  /** What the receiver is doing, or `reading` where the source is slow. */
  phase: Phase;
  /**
   * How many bytes the receiver has; in raw mode, how many the kernel on this
   * side took, because nobody says more.
   */
  bytes: number;
  /** How many there are in all; absent where nobody can know. */
  total?: number;
}

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
