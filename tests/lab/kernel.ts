/**
 * Tests that talk to the kernel, and running some of the lab's experiments.
 *
 * @module
 */

import { EXPERIMENTS } from "../../lab/all.ts";
import { userId } from "../../lab/proc.ts";
import { type Report, runAll } from "../../lab/run.ts";
import { needs } from "../support/needs.ts";
import { missing, type Need } from "../support/programs.ts";

// This opens the C library, which a test would be charged with.
if (missing(["ffi"]).length === 0) userId();

/**
 * A test that talks to the kernel.
 *
 * @param name What the test promises.
 * @param fn The test.
 * @param more What it needs besides the C library.
 */
export function kernelTest(
  name: string,
  fn: () => Promise<void>,
  more: readonly Need[] = [],
): void {
  needs(["ffi", ...more], name, fn);
}

/** Runs the experiments with these numbers. */
export async function collect(
  numbers: readonly number[],
  ladders = false,
): Promise<Map<number, Report>> {
  const chosen = EXPERIMENTS.filter(({ number }) => numbers.includes(number));
  const reports = new Map<number, Report>();
  for await (const report of runAll(chosen, ladders)) {
    reports.set(report.number, report);
  }
  return reports;
}
