/**
 * `halfclose demo`.
 *
 * @module
 */

import { TransferError } from "../../base/errors.ts";
import { printResult } from "../report/print.ts";
import { experiment } from "./demo/experiment.ts";
import { MILLION, type Row, TITLES } from "./demo/ways.ts";

/** Runs for each way: enough to see that loss is the rule, not bad luck. */
export const RUNS = 20;

/**
 * Runs the experiment and prints its table.
 *
 * On abort: ends the programs that it started, leaves nothing, and rejects with
 * the signal's reason.
 *
 * @param signal Ends it.
 * @returns The rows that were printed.
 * @throws {TransferError} `internal` when one of its programs fails.
 */
export async function runDemo(signal?: AbortSignal): Promise<Row[]> {
  const million = MILLION.toLocaleString("en-US");
  printResult(
    `${million} bytes, ${RUNS} times each way, from one program to another on ` +
      "this machine.\nThe receiver greets with one line, then reads slowly.\n",
  );
  const rows = await experiment(RUNS, signal);
  printResult(tableOf(rows));
  return rows;
}

/**
 * Checks that it may start programs, and make a directory for what they write.
 *
 * @throws {TransferError} `usage` when it may not.
 */
export async function checkAllowed(): Promise<void> {
  const missing: string[] = [];
  for (const name of ["run", "read", "write"] as const) {
    const { state } = await Deno.permissions.request({ name });
    if (state !== "granted") missing.push(`--allow-${name}`);
  }
  if (missing.length === 0) return;
  throw new TransferError(
    "usage",
    {
      doing: "run the demo",
      found: "it starts two programs that write into a directory, and " +
        `may not; add ${missing.join(" ")} to "deno run", or run it ` +
        "with: deno task demo",
    },
  );
}

/**
 * Writes rows as a table for people.
 *
 * @param rows What was measured.
 * @returns The lines of the table, with columns of one width.
 */
export function tableOf(rows: readonly Row[]): string {
  const cells = [
    ["way", "runs", "all arrived", "fewest bytes", "the sender believed"],
    ...rows.map(({ way, runs, complete, fewest, believed }) => [
      TITLES[way],
      String(runs),
      String(complete),
      fewest.toLocaleString("en-US"),
      believed.join("; "),
    ]),
  ];
  const widths = cells[0]!.map((_, column) =>
    Math.max(...cells.map((row) => row[column]!.length))
  );
  return cells.map((row) =>
    row.map((cell, column) =>
      column === 0 || column === 4
        ? cell.padEnd(widths[column]!)
        : cell.padStart(widths[column]!)
    ).join("   ").trimEnd()
  ).join("\n");
}
