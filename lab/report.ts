/**
 * How the lab prints what it found.
 *
 * @module
 */

import { type Experiment, type Verdict, verdictText } from "./experiment.ts";
import type { Report } from "./run.ts";

const VERDICT_WIDTH = 15;
const INDENT = " ".repeat(4 + VERDICT_WIDTH);
const TEXT_WIDTH = 76;

/** The head of the table. */
export const TABLE_HEAD = ` #  ${"verdict".padEnd(VERDICT_WIDTH)}claim, and ` +
  "what was seen";

/** One claim: number, verdict and claim on a line, what was seen below. */
export function tableRows(report: Report): string {
  const { number, claim, seen, verdict } = report;
  const kind = verdict.kind.padEnd(VERDICT_WIDTH);
  const on = verdict.kind === "depends"
    ? [`${INDENT}${verdictText(verdict)}`]
    : [];
  return [
    `${String(number).padStart(2)}  ${kind}${claim}`,
    `${INDENT}${seen}`,
    ...on,
  ].join("\n");
}

/** One claim with its explanation and its ladders. */
export function explanation(report: Report, experiment: Experiment): string {
  const paragraphs = [
    tableRows(report),
    indent(wrap(experiment.why, TEXT_WIDTH)),
    indent([`Sources: ${experiment.sources.join("; ")}`]),
    ...report.ladders,
  ];
  return `${paragraphs.join("\n\n")}\n`;
}

/** How many claims got which verdict. */
export function summary(verdicts: readonly Verdict[], ms: number): string {
  const count = (kind: Verdict["kind"]) =>
    verdicts.filter((verdict) => verdict.kind === kind).length;
  return `${verdicts.length} claims: ${count("holds")} hold, ` +
    `${count("does not hold")} do not, ${count("depends")} depend; ` +
    `${(ms / 1000).toFixed(1)} s`;
}

/** Breaks a text into lines at spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `    ${line}`).join("\n");
}
