/**
 * The table of the million bytes: several ways to end, many times each.
 *
 * @module
 */

import type { Bench } from "./bench.ts";
import { CRASHING_PEER, halfCloseAgainst } from "./crash.ts";
import { addRun, countsText, emptyTally, type Tally } from "./tally.ts";
import { verified } from "./verified.ts";
import * as million from "./million.ts";

/** One row: a way to send a million bytes, tried so many times. */
export interface Row {
  readonly name: string;
  run(bench: Bench, runs: number): Promise<Tally>;
}

/** A row whose program A makes these calls against a B that reads to the end. */
function row(name: string, way: million.Way): Row {
  return { name, run: (bench, runs) => million.tally(bench, way, runs) };
}

/** Half-close against a program that reads everything and is then killed. */
async function crashingPeer(bench: Bench, runs: number): Promise<Tally> {
  const tally = emptyTally();
  for (let run = 0; run < runs; run++) {
    const peer = await halfCloseAgainst(bench, CRASHING_PEER, million.MILLION);
    // What counts is what B's program made of the bytes, not what it read.
    const bytes = Number(peer.reported || "0");
    addRun(tally, {
      complete: bytes === million.MILLION,
      bytes,
      ending: peer.ending,
      believed: peer.recv === 0 ? "success" : `${peer.recv}`,
    });
  }
  return tally;
}

/**
 * The rows, from the worst way to the best.
 */
export const ROWS: readonly Row[] = [
  row("write and close", million.writeAndClose),
  row("SO_LINGER", million.lingerAndClose),
  row("read, then SO_LINGER", million.readLingerAndClose),
  row("half-close", million.halfClose),
  { name: "half-close, B crashes", run: crashingPeer },
  { name: "verified", run: (_bench, runs) => verified(runs) },
];

/** The head of the table, in Markdown. */
export const TABLE_HEAD: string = [
  "| A ends with | runs | complete | fewest bytes | how it ended for B | what A believed |",
  "|---|---|---|---|---|---|",
].join("\n");

/**
 * One line of the table.
 *
 * @param name The way.
 * @param tally Its runs.
 */
export function tableLine(name: string, tally: Tally): string {
  const { runs, complete, fewest, endings, believed } = tally;
  return `| ${name} | ${runs} | ${complete} | ${fewest} | ` +
    `${countsText(endings)} | ${countsText(believed)} |`;
}
