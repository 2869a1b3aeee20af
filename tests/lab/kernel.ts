/**
 * Tests that talk to the kernel, and running some of the lab's experiments.
 *
 * @module
 */

import { EXPERIMENTS } from "../../lab/all.ts";
import { userId } from "../../lab/proc.ts";
import { type Report, runAll } from "../../lab/run.ts";

const ffi = Deno.permissions.querySync({ name: "ffi" }).state === "granted";

/** Whether packets can be captured; asking opens the C library before any
 * test, which would be charged with it. */
export const root: boolean = ffi && userId() === 0;

/** A test that talks to the kernel; without --allow-ffi it is ignored. */
export function kernelTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: !ffi });
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
