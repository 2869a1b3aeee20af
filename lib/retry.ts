/**
 * Trying again, and not all at the same moment.
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";
import type { TransferError } from "./errors.ts";

/** What happens before another attempt. */
export interface Retry {
  /** Which attempt comes next; the first retry is 1. */
  attempt: number;
  /** How long it waits first, in milliseconds. */
  wait: number;
  /** Why the one before failed. */
  error: TransferError;
}

/** Wait before the first retry, doubled for each further one. A guess. */
const FIRST_WAIT_MS = 200;

/** Longest wait: a receiver that restarts is found within this time. */
const LONGEST_WAIT_MS = 15_000;

/**
 * How long to wait: exponential with jitter, so that many senders that lost one
 * receiver do not come back together.
 *
 * @param attempt Which retry, from 1.
 * @returns Milliseconds: between half the backoff and all of it.
 */
export function backoff(attempt: number): number {
  const full = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
  return Math.round(full * (0.5 + Math.random() / 2));
}

/**
 * Waits.
 *
 * On abort: rejects with the signal's reason.
 *
 * @param ms How long.
 * @param signal Ends the wait.
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
