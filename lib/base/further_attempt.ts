/**
 * What is known before another attempt.
 *
 * @module
 */

import type { TransferError } from "./errors.ts";

/** What happens before another attempt. */
export interface Retry {
  /** Which attempt comes next; the first retry is 1. */
  attempt: number;
  /** How long it waits before that, in milliseconds. */
  wait: number;
  /** Why the one before failed. */
  error: TransferError;
}
