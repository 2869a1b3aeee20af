/**
 * What a sender's session is told.
 *
 * @module
 */

import type { Progress } from "../../model/progress.ts";
import type { Receipt } from "../../model/receipt.ts";

/** What a delivery needs to know. */
export interface SenderSessionOptions {
  /** Longest silence from the receiver in milliseconds. */
  idleTimeout: number;
  /** Bytes a second at most. */
  limitRate: number;
  /** Stops the delivery: the receiver is told. */
  signal?: AbortSignal | undefined;
  /** Hears what the receiver is doing and how much of this delivery it has. */
  onProgress(progress: Progress): void;
  /** Hears of each receipt. */
  onReceipt(receipt: Receipt): void;
}
