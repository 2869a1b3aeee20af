/**
 * Options of a receiver and of its session.
 *
 * @module
 */

import type { Semaphore } from "../../base/semaphore.ts";
import type { Progress } from "../../model/progress.ts";
import type { Receipt } from "../../model/receipt.ts";
import type { ReceiverSecurity } from "../../security/mod.ts";

/**
 * Options of a session.
 *
 * No callback can undo or stop a session. What one throws or rejects with is
 * thrown when the session is over, as `internal`. A promise that one returns is
 * awaited first, until `signal` is aborted: what has not settled then is left to
 * itself.
 */
export interface SessionOptions {
  /** Largest entry that is accepted, in bytes. @default {Infinity} */
  maxSize?: number;
  /**
   * Stops the session: the sender is told, what a later session can resume is
   * kept and the rest dropped, and the promise rejects with the signal's reason
   * within about a second. Once the session is over, an abort ends only the wait
   * for callbacks, and changes no outcome.
   */
  signal?: AbortSignal;
  /**
   * Called with how far the session is, about four times a second; not while the
   * promise of its last call is pending.
   */
  onProgress?: (progress: Progress) => unknown;
  /** Called with each receipt, once it is said to the sender. */
  onReceipt?: (receipt: Receipt) => unknown;
}

/** Options of {@linkcode receive}. */
export interface ReceiveOptions extends SessionOptions, ReceiverSecurity {
  /** Longest silence from the sender in milliseconds. @default {30_000} */
  idleTimeout?: number;
}

/** Options of a handshake; a server has more to say than a single receiver. */
export interface HandshakeOptions extends ReceiveOptions {
  /** Bytes for large buffers, shared by all sessions of a server. */
  budget?: Semaphore;
}
