/**
 * `deno task lab`: puts the textbooks' claims to this kernel.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { EXPERIMENTS } from "./all.ts";
import { Bench } from "./bench.ts";
import { LabError } from "./error.ts";
import type { Experiment, Verdict } from "./experiment.ts";
import { explanation, summary, TABLE_HEAD, tableRows } from "./report.ts";
import { runAll } from "./run.ts";
import * as million from "./million_table.ts";

const USAGE = `Usage: deno task lab [options] [NUMBER...]
Runs the claims with these numbers, or all of them.

  --explain    what happens and why, and each exchange as a ladder
  --json       one JSON object a line
  --million    the million bytes, several ways, as a table
  --runs N     how often --million tries each way (default 100)
  -h, --help   this text`;

/** Where lines go: results and complaints. */
export interface Output {
  log(line: string): void;
  error(line: string): void;
}

/** What the command line asked for. */
interface Command {
  experiments: readonly Experiment[];
  explain: boolean;
  json: boolean;
  million: boolean;
  runs: number;
}

/**
 * Runs the lab.
 *
 * @param args The words after `deno task lab`.
 * @param output Where lines go.
 * @returns The exit code: 0, 1 when an experiment could not be made, or 2 for a
 * wrong command line.
 */
export async function main(
  args: readonly string[],
  output: Output = console,
): Promise<number> {
  const command = parseCommand(args, output);
  if (typeof command === "number") return command;
  if (Deno.build.os !== "linux") {
    output.error("Cannot run the lab: it needs Linux, found " + Deno.build.os);
    return 2;
  }
  try {
    await (command.million
      ? printMillion(command, output)
      : printClaims(command, output));
    return 0;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    output.error(error.message);
    return 1;
  }
}

/** Understands the command line, or answers it with an exit code. */
function parseCommand(
  args: readonly string[],
  output: Output,
): Command | number {
  const unknown: string[] = [];
  const options = parseArgs(args, {
    boolean: ["json", "explain", "million", "help"],
    string: ["_", "runs"],
    alias: { h: "help" },
    unknown: (arg: string, key?: string) => {
      if (key !== undefined) unknown.push(arg);
      return key === undefined;
    },
  });
  if (options.help) {
    output.log(USAGE);
    return 0;
  }
  const runs = Number(options.runs ?? 100);
  const found = options._.flatMap((word) =>
    EXPERIMENTS.filter(({ number }) => `${number}` === word)
  );
  const wrong = unknown.length > 0 || found.length !== options._.length ||
    !Number.isInteger(runs) || runs < 1;
  if (wrong) {
    output.error(USAGE);
    return 2;
  }
  const { json, explain, million } = options;
  const experiments = found.length > 0 ? found : EXPERIMENTS;
  return { experiments, json, explain, million, runs };
}

async function printClaims(command: Command, output: Output): Promise<void> {
  const { experiments, json, explain } = command;
  const begun = performance.now();
  const verdicts: Verdict[] = [];
  if (!json) output.log(TABLE_HEAD);
  for await (const report of runAll(experiments, explain)) {
    const experiment = experiments[verdicts.length];
    verdicts.push(report.verdict);
    if (json) output.log(JSON.stringify(report));
    else if (explain && experiment) {
      output.log(explanation(report, experiment));
    } else output.log(tableRows(report));
  }
  if (!json) output.log(summary(verdicts, performance.now() - begun));
}

async function printMillion(
  { json, runs }: Command,
  output: Output,
): Promise<void> {
  await using bench = await Bench.open();
  if (!json) output.log(million.TABLE_HEAD);
  for (const row of million.ROWS) {
    const tally = await row.run(bench, runs);
    bench.clear();
    output.log(
      json
        ? JSON.stringify({ name: row.name, ...tally })
        : million.tableLine(row.name, tally),
    );
  }
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);
