/**
 * Counting what came out of many runs of the same thing.
 *
 * @module
 */

/** One run. */
export interface Run {
  /** Whether the peer's program had everything. */
  complete: boolean;
  /** How many bytes it had. */
  bytes: number;
  /** How its reading ended: "end" for a FIN, or an error by name. */
  ending: string;
  /** What the sender was told: "success" or an error by name. */
  believed: string;
}

/** Many runs. */
export interface Tally {
  runs: number;
  complete: number;
  /** Fewest bytes of any run. */
  fewest: number;
  /** How often reading ended in which way. */
  endings: Record<string, number>;
  /** How often the sender believed what. */
  believed: Record<string, number>;
}

/** A tally of no runs. */
export function emptyTally(): Tally {
  return { runs: 0, complete: 0, fewest: Infinity, endings: {}, believed: {} };
}

/** Counts a run. */
export function addRun(tally: Tally, run: Run): void {
  tally.runs++;
  if (run.complete) tally.complete++;
  tally.fewest = Math.min(tally.fewest, run.bytes);
  tally.endings[run.ending] = (tally.endings[run.ending] ?? 0) + 1;
  tally.believed[run.believed] = (tally.believed[run.believed] ?? 0) + 1;
}

/** Counts by name, "ECONNRESET 97, end 3". */
export function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

/** The figures of a tally in one line. */
export function tallyText(tally: Tally): string {
  return `${tally.complete} of ${tally.runs} complete, fewest ` +
    `${tally.fewest}; B's read ended: ${countsText(tally.endings)}; ` +
    `A was told: ${countsText(tally.believed)}`;
}
