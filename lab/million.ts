/**
 * The million bytes: program A writes 1,000,000 bytes and closes, program B
 * had greeted it with "220 Welcome". Claims 12 to 15.
 *
 * The greeting is what does it: A never reads it, so it is unread input when A
 * closes, and close() with unread input is a reset.
 *
 * @module
 */

import type { Bench, Pair } from "./bench.ts";
import type { Step } from "./calls.ts";
import { LabError } from "./error.ts";
import {
  depends,
  type Experiment,
  FAILS,
  HOLDS,
  holdsIf,
} from "./experiment.ts";
import { type Errno, SHUT } from "./linux.ts";
import { addRun, emptyTally, type Tally, tallyText } from "./tally.ts";

/** What A sends. */
export const MILLION = 1_000_000;
/** What B greets with. */
export const GREETING = "220 Welcome\r\n";
/** How often each claim is tried. */
const RUNS = 100;
/** SO_LINGER, much longer than a run takes. */
const LINGER_SECONDS = 10;

/** A way to end program A, as the calls it makes. */
export type Way = (fd: number) => readonly Step[];

/** Write and close, as in the tutorial. */
export const writeAndClose: Way = (fd) => [
  ["sendAll", fd, MILLION],
  ["close", fd],
];

/** The same with SO_LINGER on. */
export const lingerAndClose: Way = (fd) => [
  ["setsockopt", fd, "SO_LINGER", LINGER_SECONDS],
  ...writeAndClose(fd),
];

/** The same after reading the greeting. */
export const readLingerAndClose: Way = (fd) => [
  ["recv", fd, GREETING.length],
  ...lingerAndClose(fd),
];

/** Write, half-close, read to the end, close. */
export const halfClose: Way = (fd) => [
  ["sendAll", fd, MILLION],
  ["shutdown", fd, SHUT.WR],
  ["recvToEnd", fd],
  ["close", fd],
];

/** Whether a step of A's told it that something went wrong. */
export function beliefOf(
  results: readonly { value: number; errno: Errno | null }[],
): string {
  return results.find((result) => result.errno !== null)?.errno ?? "success";
}

/**
 * Runs A and B against each other many times.
 *
 * @param bench Both programs start at the same time, alternately first.
 * @param way How A ends.
 * @param runs How often.
 * @returns How often B had all of it, and what each side was told.
 */
export async function tally(
  bench: Bench,
  way: Way,
  runs: number = RUNS,
): Promise<Tally> {
  const tally = emptyTally();
  for (let run = 0; run < runs; run++) {
    const label = run === 0 ? "the million bytes, first run" : undefined;
    const pair = await bench.pair(label ? { label } : {});
    const [sender, reader] = await race(bench, pair, way, run % 2 === 0);
    const read = reader[1];
    if (!read) throw new LabError("Cannot tell what B read");
    addRun(tally, {
      complete: read.value === MILLION,
      bytes: read.value,
      ending: read.errno ?? "end",
      believed: beliefOf(sender),
    });
  }
  return tally;
}

async function race(bench: Bench, pair: Pair, way: Way, clientFirst: boolean) {
  const sender = () => bench.client.run(way(pair.client));
  const reader = () =>
    bench.server.run([
      ["send", pair.server, GREETING],
      ["recvToEnd", pair.server],
      ["close", pair.server],
    ]);
  if (clientFirst) return await Promise.all([sender(), reader()]);
  const [read, sent] = await Promise.all([reader(), sender()]);
  return [sent, read] as const;
}

/** The runs in which B had fewer than all bytes. */
function cut(tally: Tally): number {
  return tally.runs - tally.complete;
}

/** Claim 12: the quiz. */
export const millionBytes: Experiment<Tally> = {
  number: 12,
  claim:
    "A writes 1,000,000 bytes and closes, a greeting unread: B reads all, or " +
    "less, or an error",
  run: (bench) => tally(bench, writeAndClose),
  verdict(e) {
    const errors = e.runs - (e.endings["end"] ?? 0);
    if (cut(e) === 0 && errors === 0) return FAILS;
    if (cut(e) === e.runs || cut(e) === 0) {
      return depends("timing: every run of these came out alike");
    }
    return HOLDS;
  },
  seen: tallyText,
  why:
    "All of these. close() finds the greeting unread and sends RST at once; " +
    "what A's kernel had not yet delivered of the million is dropped, and B " +
    "reads what it already had, then ECONNRESET. How much that is depends on " +
    "how fast B read, so a test with small data or a fast reader passes. A is " +
    "told nothing: every send() succeeded and close() returned 0.",
  sources: [
    "RFC 1122 section 4.2.2.13",
    "RFC 2525 section 2.17",
    "RFC 9293 section 3.6.1",
  ],
};

/** Claim 13: SO_LINGER alone. */
export const lingerDoesNotSave: Experiment<Tally> = {
  number: 13,
  claim: "SO_LINGER with a positive time does not save 12",
  run: (bench) => tally(bench, lingerAndClose),
  verdict: (e) => holdsIf(cut(e) > 0),
  seen: tallyText,
  why:
    "tcp_close() looks for unread input before it looks at SO_LINGER: if there " +
    "is any, it resets and there is nothing left to linger for. People expect " +
    "more of it because socket(7) says that close() will not return until all " +
    "queued messages have been sent or the timeout has been reached.",
  sources: ["socket(7) SO_LINGER", "RFC 2525 section 2.17"],
};

/** Claim 14: read first, then linger. */
export const readThenLinger: Experiment<{
  tally: Tally;
  closeResult: number | Errno;
  sent: number;
  inPeerKernel: number;
}> = {
  number: 14,
  claim:
    "reading the greeting, then SO_LINGER, saves 12, yet the peer may crash " +
    "with all of it unread",
  async run(bench) {
    const all = await tally(bench, readLingerAndClose);
    // Now a peer that dies with the bytes unread. It must hold them all.
    const pair = await bench.pair({ label: "a peer that never reads" });
    const sent = 20_000;
    const [, , closed] = await bench.client.run([
      ["setsockopt", pair.client, "SO_LINGER", LINGER_SECONDS],
      ["sendAll", pair.client, sent],
      ["close", pair.client],
    ]);
    const { server } = bench.states(pair);
    await bench.server.call("close", pair.server); // it dies
    return {
      tally: all,
      closeResult: closed?.errno ?? closed?.value ?? "EBADF",
      sent,
      inPeerKernel: server?.unread ?? 0,
    };
  },
  verdict: (e) =>
    holdsIf(
      cut(e.tally) === 0 && e.closeResult === 0 && e.inPeerKernel === e.sent,
    ),
  seen: (e) =>
    `${tallyText(e.tally)}; then close() = ${e.closeResult} with ` +
    `${e.inPeerKernel} of ${e.sent} bytes unread at a peer that dies`,
  why:
    "With no unread input close() sends FIN, and SO_LINGER makes it wait until " +
    "that is acknowledged. The acknowledgement comes from the peer's kernel. " +
    "What the peer's program does with the bytes, and whether it lives long " +
    "enough, is not part of it.",
  sources: ["socket(7) SO_LINGER", "RFC 9293 section 3.6"],
};

/** Claim 15: the right order. */
export const halfCloseSaves: Experiment<Tally> = {
  number: 15,
  claim: "shutdown(SHUT_WR), read to 0, close saves 12",
  run: (bench) => tally(bench, halfClose),
  verdict: (e) => holdsIf(cut(e) === 0),
  seen: tallyText,
  why:
    "shutdown(SHUT_WR) queues a FIN behind the last byte and leaves the reading " +
    "side open, so the greeting is read instead of answered with a reset. " +
    "recv() returning 0 is the peer's FIN, sent after it had read ours. Only " +
    "then is there nothing left that close() could destroy.",
  sources: ["shutdown(2)", "RFC 9293 section 3.6", "RFC 7230 section 6.6"],
  fixedBy: "RFC 9293 section 3.6",
};
