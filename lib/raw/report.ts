/**
 * Options of a raw transfer, and what is known after it.
 *
 * @module
 */

import type { Digest } from "../base/digest.ts";
import type { Progress } from "../model/progress.ts";

/** What is known after a raw transfer. */
export interface RawReport {
  /** How many bytes were sent or received. */
  bytes: number;
  /** Their SHA-256 in hexadecimal, where it was asked for. */
  sha256?: string;
  /** Always `true`: the other side ended without a reset. */
  clean: true;
}

/**
 * Options of `sendRaw()` and `receiveRaw()`.
 *
 * No callback but `onReply` can stop or fail a transfer. What another one throws
 * or rejects with is thrown when the transfer is over, as `internal`. A promise
 * that one returns is awaited first, until `signal` is aborted: what has not
 * settled then is left to itself.
 */
export interface RawOptions {
  /** Longest time without any movement, in milliseconds. @default {30_000} */
  idleTimeout?: number;
  /** Whether to compute the SHA-256 of the bytes. @default {false} */
  digest?: boolean;
  /**
   * Drops the connection; the promise rejects with the signal's reason. Once the
   * transfer is over, an abort ends only the wait for callbacks, and changes no
   * outcome.
   */
  signal?: AbortSignal;
  /**
   * Called with how many bytes the kernel on this side accepted, or gave: four
   * times a second at most, and once more at the end; not while the promise of
   * its last call is pending.
   */
  onProgress?: (progress: Progress) => unknown;
}

/**
 * Makes a report.
 *
 * @param bytes How many were sent or received.
 * @param digest Of all of them, where one was asked for.
 * @returns The report of a clean end.
 */
export function reportOf(bytes: number, digest: Digest | undefined): RawReport {
  const sha256 = digest ? { sha256: digest.finish().toHex() } : {};
  return { bytes, ...sha256, clean: true };
}
