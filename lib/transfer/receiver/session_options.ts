/**
 * What a receiver's session is told.
 *
 * @module
 */

import type { Progress } from "../../model/progress.ts";
import type { Receipt } from "../../model/receipt.ts";

/** Options of a session. */
export interface SessionOptions {
  /** Largest entry that is taken, in bytes. @default {Infinity} */
  maxSize?: number;
  /**
   * Stops the session: the sender is told, what a later session can go on with
   * is kept and the rest dropped, and the promise rejects with the signal's
   * reason within about a second.
   */
  signal?: AbortSignal;
  /** Hears how far the session is, about four times a second. */
  onProgress?: (progress: Progress) => void;
  /**
   * Hears of each entry that was committed, when its receipt is on its way. A
   * promise is waited for before the session ends.
   */
  onReceipt?: (receipt: Receipt) => unknown;
}
