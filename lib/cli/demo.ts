/**
 * `halfclose demo`.
 *
 * @module
 */

import { TransferError } from "../errors.ts";
import { experiment } from "./demo/experiment.ts";
import { MILLION, type Row, TITLES } from "./demo/ways.ts";
import { printResult } from "./print.ts";

/** Runs for each way: enough to see that loss is the rule, not bad luck. */
export const RUNS = 20;

/**
 * Runs the experiment and prints its table.
 *
 * @returns The rows that were printed.
 * @throws {TransferError} `usage` when the program may not start others.
 */
export async function runDemo(): Promise<Row[]> {
  const { state } = await Deno.permissions.request({ name: "run" });
  if (state !== "granted") throw notAllowed();
  const million = MILLION.toLocaleString("en-US");
  printResult(
    `${million} bytes, ${RUNS} times each way, from one program to another on ` +
      "this machine.\nThe receiver greets with one line, then reads slowly.\n",
  );
  const rows = await experiment(RUNS);
  printResult(tableOf(rows));
  return rows;
}

function notAllowed(): TransferError {
  return new TransferError(
    "usage",
    "Cannot run the demo: it starts two programs and may not; " +
      "run it with: deno task demo",
  );
}

/**
 * Writes rows as a table for people.
 *
 * @param rows What was measured.
 * @returns Lines of one width.
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
