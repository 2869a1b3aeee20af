/**
 * `deno task lab`: puts the textbooks' claims to this kernel.
 *
 * @module
 */

// deno-lint-ignore-file no-console -- this is the lab's command line
import { parseArgs } from "@std/cli/parse-args";
import { EXPERIMENTS } from "./all.ts";
import { type Experiment, verdictText } from "./experiment.ts";
import { type Report, runAll } from "./run.ts";

const USAGE = `Usage: deno task lab [options] [NUMBER...]
Runs the claims with these numbers, or all of them.

  --json            one JSON object a line
  --explain         what happens and why, and the exchange as a ladder
  --million [RUNS]  the million bytes, several ways, RUNS times each
  -h, --help        this text`;

/** Runs the lab; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const unknown: string[] = [];
  const options = parseArgs(args, {
    boolean: ["json", "explain", "million", "help"],
    string: ["_"],
    alias: { h: "help" },
    unknown: (arg: string, key?: string) => {
      if (key !== undefined) unknown.push(arg);
      return key === undefined;
    },
  });
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const chosen = options._.map((word) =>
    EXPERIMENTS.find(({ number }) => `${number}` === word)
  );
  if (unknown.length > 0 || chosen.includes(undefined)) {
    console.error(USAGE);
    return 2;
  }
  const experiments = chosen.length > 0
    ? chosen.filter((e) => e !== undefined)
    : EXPERIMENTS;
  if (Deno.build.os !== "linux") {
    console.error("Cannot run the lab: it reads Linux's /proc and libc");
    return 2;
  }
  const print = options.json
    ? printJson
    : options.explain
    ? printExplained
    : printRow;
  for await (const report of runAll(experiments, options.explain)) {
    const experiment = experiments.find((e) => e.number === report.number);
    if (experiment) print(report, experiment);
  }
  return 0;
}

function printJson(report: Report): void {
  console.log(JSON.stringify(report));
}

function printRow(report: Report): void {
  const { number, claim, seen, verdict } = report;
  console.log(`${`${number}`.padStart(2)}  ${claim}`);
  console.log(`    seen     ${seen}`);
  console.log(`    verdict  ${verdictText(verdict)}`);
}

function printExplained(report: Report, experiment: Experiment): void {
  printRow(report);
  console.log(`\n    ${wrap(experiment.why, 76).join("\n    ")}`);
  console.log(`    Sources: ${experiment.sources.join("; ")}`);
  for (const ladder of report.ladders) console.log(`\n${ladder}`);
  console.log();
}

/** Breaks a text into lines at spaces. */
function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    const line = lines[last] ?? "";
    if (line.length + word.length >= width) lines.push(word);
    else lines[last] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);
