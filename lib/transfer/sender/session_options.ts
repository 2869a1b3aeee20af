/**
 * Options of a sender's session.
 *
 * @module
 */

import type { Progress } from "../../model/progress.ts";
import type { Receipt } from "../../model/receipt.ts";

/** Options of a session. */
export interface SenderSessionOptions {
  /** Longest silence from the receiver in milliseconds. */
  idleTimeout: number;
  /** Bytes a second at most. */
  limitRate: number;
  /** Stops the session: the receiver is told. */
  signal?: AbortSignal | undefined;
  /**
   * Called with what the receiver is doing and how many bytes of this session's
   * entries it has. It may not throw.
   */
  onProgress(progress: Progress): void;
  /** Called with each receipt. It may not throw. */
  onReceipt(receipt: Receipt): void;
}
