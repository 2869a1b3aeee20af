/**
 * What a raw transfer can be told, and what is known after it.
 *
 * @module
 */

import type { Digest } from "../base/digest.ts";
import type { Progress } from "../model/progress.ts";

/** What is known after a raw transfer. */
export interface RawReport {
  /** How many bytes went over. */
  bytes: number;
  /** Their SHA-256 in hexadecimal, where it was asked for. */
  sha256?: string;
  /** Always `true`: the other side ended without a reset. */
  clean: true;
}

/** Options of `sendRaw()` and `receiveRaw()`. */
export interface RawOptions {
  /** Longest time without any movement, in milliseconds. @default {30_000} */
  idleTimeout?: number;
  /** Whether to take the SHA-256 along the way. @default {false} */
  digest?: boolean;
  /** Drops the connection; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /**
   * Hears how many bytes the kernel on this side took, or gave: four times a
   * second at most, and once more at the end.
   */
  onProgress?: (progress: Progress) => void;
}

/**
 * Makes a report.
 *
 * @param bytes How many went over.
 * @param digest Of them, where it was taken.
 * @returns The report of a clean end.
 */
export function reportOf(bytes: number, digest: Digest | undefined): RawReport {
  const sha256 = digest ? { sha256: digest.finish().toHex() } : {};
  return { bytes, ...sha256, clean: true };
}
