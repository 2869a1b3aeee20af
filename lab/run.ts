/**
 * Runs one experiment and judges what came out.
 *
 * @module
 */

import { Bench } from "./bench.ts";
import type { Experiment, Verdict } from "./experiment.ts";
import { drawLadders } from "./ladder.ts";
import { Capture } from "./tcpdump.ts";

/** What one run of an experiment gave. */
export interface Report {
  number: number;
  claim: string;
  evidence: unknown;
  /** The evidence's figures in one line. */
  seen: string;
  verdict: Verdict;
  /** How long it took, in milliseconds. */
  ms: number;
  /** Drawn connections, if asked for. */
  ladders: string[];
}

/**
 * Runs experiments one after the other at one bench.
 *
 * On abort: leaving the loop early ends the threads and closes every socket.
 *
 * @param experiments Which.
 * @param ladders Whether to draw what happened.
 */
export async function* runAll(
  experiments: readonly Experiment[],
  ladders: boolean = false,
): AsyncGenerator<Report> {
  await using bench = await Bench.open();
  for (const experiment of experiments) {
    yield await runOne(experiment, bench, ladders);
  }
}

async function runOne(
  experiment: Experiment,
  bench: Bench,
  ladders: boolean,
): Promise<Report> {
  await using capture = ladders ? await Capture.start() : null;
  const begun = performance.now();
  try {
    const evidence = await experiment.run(bench);
    const ms = performance.now() - begun;
    const packets = await capture?.stop() ?? null;
    return {
      number: experiment.number,
      claim: experiment.claim,
      evidence,
      seen: experiment.seen(evidence),
      verdict: experiment.verdict(evidence),
      ms,
      ladders: ladders ? drawLadders(bench.trace.connections, packets) : [],
    };
  } finally {
    bench.clear();
  }
}
