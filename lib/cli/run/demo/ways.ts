/**
 * The three ways to send a million bytes, and what is noted about each run.
 *
 * @module
 */

import type { Bounds } from "../../../net/half_close.ts";

/** How many bytes are sent in each run. */
export const MILLION = 1_000_000;

/** How long a peer may take to end in the demo: it is slow, not dead. */
export const BOUNDS: Bounds = { silence: 10_000, total: 60_000 };

/** A way to send. */
export type Way = "close" | "half-close" | "verified";

/** What each way is called in the table. */
export const TITLES: Readonly<Record<Way, string>> = {
  close: "write, close",
  "half-close": "write, closeWrite, drain, close",
  verified: "verified transfer",
};

/** What the receiver saw of a run. */
export interface Arrival {
  /** How many bytes its program got. */
  bytes: number;
  /** How the connection broke, if it did. */
  error?: string;
}

/** What the sender saw of a run. */
export interface Belief {
  /** In its own words. */
  says: string;
  /** Whether it holds a receipt of a durable file of all the bytes. */
  receipt: boolean;
}

/** A way's runs, summed up. */
export interface Row {
  way: Way;
  runs: number;
  /** Runs in which all the bytes arrived. */
  complete: number;
  /** Fewest bytes that arrived in a run. */
  fewest: number;
  /** Runs in which the sender holds a receipt. */
  receipts: number;
  /** What the sender believed, each thing once, the most frequent first. */
  believed: string[];
}

/**
 * Sums runs up.
 *
 * @param way How they were sent.
 * @param arrivals What the receiver saw, run by run.
 * @param beliefs What the sender saw, run by run.
 * @returns The way's row.
 */
export function sumUp(
  way: Way,
  arrivals: readonly Arrival[],
  beliefs: readonly Belief[],
): Row {
  const counts = new Map<string, number>();
  for (const { says } of beliefs) counts.set(says, (counts.get(says) ?? 0) + 1);
  return {
    way,
    runs: beliefs.length,
    complete: arrivals.filter(({ bytes }) => bytes === MILLION).length,
    fewest: Math.min(...arrivals.map(({ bytes }) => bytes)),
    receipts: beliefs.filter(({ receipt }) => receipt).length,
    believed: [...counts].sort((a, b) => b[1] - a[1]).map(([says]) => says),
  };
}
