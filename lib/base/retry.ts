/**
 * Retries with exponential backoff and jitter.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { asTransferError } from "./errors.ts";
import type { Retry } from "./further_attempt.ts";

/** How often to retry. */
export interface RetryOptions {
  /**
   * Further attempts after a failure that is retriable, a whole number;
   * `Infinity` for as many as it takes. @default {0}
   */
  retry?: number;
  /** Ends the waiting. */
  signal?: AbortSignal;
  /** Hears of each further attempt before its wait. */
  onRetry?: (retry: Retry) => void;
}

/** What to retry. */
export interface Attempt<T> {
  /** Tries once. */
  attempt: () => Promise<T>;
  /** Whether the failed attempt made progress: then the waits begin anew. */
  moved?: () => boolean;
}

/**
 * Runs something until it succeeds or there is no point in going on.
 *
 * On abort: rejects with the signal's reason.
 *
 * @param options How often.
 * @param what What to run.
 * @returns What the successful attempt returned.
 * @throws {TransferError} The last attempt's failure.
 */
export async function retrying<T>(
  options: RetryOptions,
  what: Attempt<T>,
): Promise<T> {
  let inVain = 0;
  for (let attempt = 1;; attempt++) {
    try {
      return await what.attempt();
    } catch (cause) {
      options.signal?.throwIfAborted();
      const error = asTransferError(cause, "internal", "go on");
      if (attempt > (options.retry ?? 0) || !error.retriable) throw error;
      inVain = what.moved?.() ? 1 : inVain + 1;
      const wait = backoff(inVain);
      options.onRetry?.({ attempt, wait, error });
      await delay(wait, { signal: options.signal });
    }
  }
}

/** Wait before the first retry, doubled for each further one. A guess. */
const FIRST_WAIT_MS = 200;

/** Longest wait: a receiver that restarts is found within this time. */
const LONGEST_WAIT_MS = 15_000;

/**
 * How long to wait: exponential with jitter, so that many senders that lost one
 * receiver do not come back together.
 *
 * @param attempt Which retry in vain, from 1.
 * @returns Milliseconds: between half the backoff and all of it.
 */
export function backoff(attempt: number): number {
  const full = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
  return Math.round(full * (0.5 + Math.random() / 2));
}
