/**
 * Made-up evidence for every claim, at least two kinds each, and the verdict
 * it must get. The first of each is also the model of the evidence's shape.
 *
 * @module
 */

import type { Experiment, Verdict } from "../../lab/experiment.ts";
import * as buffers from "../../lab/buffers.ts";
import * as closing from "../../lab/closing.ts";
import * as crash from "../../lab/crash.ts";
import * as descriptors from "../../lab/descriptors.ts";
import * as linger from "../../lab/linger.ts";
import * as messages from "../../lab/messages.ts";
import * as million from "../../lab/million.ts";
import * as opening from "../../lab/opening.ts";
import * as shutdown from "../../lab/shutdown.ts";
import * as states from "../../lab/states.ts";
import type { Tally } from "../../lab/tally.ts";

type Kind = Verdict["kind"];

/** An experiment's verdict function and evidence for it. */
export interface Case {
  number: number;
  /** Model of the evidence's shape. */
  model: unknown;
  /** What each piece of evidence was judged, and should have been. */
  judged: { found: Kind; wanted: Kind }[];
}

/** One change of the model, and the verdict that it brings about. */
type Change<E> = [wanted: Kind, change: Partial<E>];

/** Judges a model and changed copies of it. */
function judge<E>(
  experiment: Experiment<E>,
  wanted: Kind,
  model: E,
  ...changes: Change<E>[]
): Case {
  const all: [Kind, E][] = [
    [wanted, model],
    ...changes.map(([kind, change]): [Kind, E] => [
      kind,
      { ...model, ...change },
    ]),
  ];
  return {
    number: experiment.number,
    model,
    judged: all.map(([wanted, evidence]) => ({
      wanted,
      found: experiment.verdict(evidence).kind,
    })),
  };
}

const YES = "holds" as const;
const NO = "does not hold" as const;
const DEPENDS = "depends" as const;

const some: Tally = {
  runs: 100,
  complete: 40,
  fewest: 128_000,
  endings: { ECONNRESET: 100 },
  believed: { success: 100 },
};
const all: Tally = {
  runs: 100,
  complete: 100,
  fewest: 1_000_000,
  endings: { end: 100 },
  believed: { success: 100 },
};
const orderly = { ending: "exit 0", reported: "100000", recv: 0 };
const dead = { ending: "killed by signal 9", reported: "", recv: 0 };
const reset = { ...dead, recv: "ECONNRESET" as const };
const whole = { sent: 9, bytes: 9, end: "end" as const };
const torn = { sent: 9, bytes: 4, end: "ECONNRESET" as const };
const scattered = { sent: 6, parts: ["abcd", "ef"], truncated: false };
const spilt = { sent: 6, parts: ["abcdef", ""], truncated: false };
const seen = {
  state: "CLOSE_WAIT" as const,
  read: 0,
  first: 3,
  second: "EPIPE" as const,
};
const binds = {
  states: ["TIME_WAIT" as const],
  without: "EADDRINUSE" as const,
  with: 0,
};

/** All 36. */
export const CASES: readonly Case[] = [
  judge(
    opening.basicPair,
    YES,
    { listener: ["LISTEN"], sent: "hi", received: "hi", end: 0 },
    [NO, { received: "h" }],
    [NO, { end: "ECONNRESET" }],
  ),
  judge(
    opening.connectWaits,
    NO,
    { result: 0, ms: 0.1, serverSent: 0, state: "ESTABLISHED" },
    [YES, { result: "EINPROGRESS", ms: 1_000, state: "SYN_SENT" }],
  ),
  judge(
    opening.acceptIsNew,
    YES,
    {
      listener: 3,
      accepted: [5, 7],
      before: ["LISTEN"],
      after: ["LISTEN"],
      samePort: true,
      peerPorts: true,
    },
    [NO, { accepted: [3, 7] }],
    [NO, { after: [] }],
  ),
  judge(
    opening.backlogFull,
    NO,
    {
      backlog: 1,
      abortOnOverflow: "0",
      attempts: [0, 0, "EINPROGRESS"],
      closedPort: "ECONNREFUSED",
      waitedThenConnectedMs: 800,
    },
    [YES, { attempts: [0, 0, "ECONNREFUSED"] }],
    [DEPENDS, { attempts: [0, 0, "ECONNRESET"], abortOnOverflow: "1" }],
  ),
  judge(
    opening.portRange,
    NO,
    {
      bind65535: 65535,
      bind65536: 40_000,
      connect65535: "ECONNREFUSED",
      connect65536: "ECONNREFUSED",
    },
    [YES, { bind65536: 65536 }],
  ),
  judge(
    buffers.writeReturns,
    YES,
    { taken: 80_000, ms: 1, atPeer: 50_000, stillHere: 30_000 },
    [NO, { atPeer: 80_000, stillHere: 0 }],
  ),
  judge(
    buffers.writeBlocks,
    YES,
    {
      asked: 1_000_000,
      withoutWaiting: 65_536,
      beforeReader: 100_000,
      waitedMs: 150,
      returned: 1_000_000,
      stillWaiting: true,
    },
    [NO, { stillWaiting: false }],
    [NO, { returned: 65_536 }],
  ),
  judge(
    buffers.noBoundaries,
    YES,
    { writes: 3, tcpReads: [9], smallReads: [4, 4, 1], udpReads: [3, 3, 3] },
    [NO, { tcpReads: [3, 3, 3] }],
    [NO, { udpReads: [9] }],
  ),
  judge(
    buffers.udpDrops,
    DEPENDS,
    { sent: 500, received: 50, repeated: 0 },
    [NO, { received: 501, repeated: 1 }],
  ),
  judge(
    closing.buffersAtClose,
    DEPENDS,
    { nothingUnread: whole, greetingUnread: torn },
    [YES, { greetingUnread: whole }],
    [NO, { nothingUnread: torn }],
  ),
  judge(
    closing.resetOrFin,
    YES,
    { unread: "ECONNRESET", allRead: 0 },
    [NO, { unread: 0 }],
    [NO, { allRead: "ECONNRESET" }],
  ),
  judge(
    million.millionBytes,
    YES,
    some,
    [NO, all],
    [DEPENDS, { complete: 0 }],
  ),
  judge(million.lingerDoesNotSave, YES, some, [NO, all]),
  judge(
    million.readThenLinger,
    YES,
    { tally: all, closeResult: 0, sent: 20_000, inPeerKernel: 20_000 },
    [NO, { tally: some }],
    [NO, { inPeerKernel: 0 }],
  ),
  judge(million.halfCloseSaves, YES, all, [NO, { complete: 99 }]),
  judge(
    crash.endProvesNothing,
    YES,
    { sent: 100_000, reports: orderly, fails: dead, dies: dead },
    [NO, { dies: reset }],
  ),
  judge(
    linger.threeMoments,
    YES,
    {
      busyMs: 1_000,
      closeMs: 0,
      lingerFitsMs: 40,
      lingerFullMs: 1_000,
      halfCloseMs: 1_000,
    },
    [NO, { halfCloseMs: 40 }],
    [NO, { closeMs: 1_000 }],
  ),
  judge(
    linger.lingerTooShort,
    NO,
    {
      lingerSeconds: 1,
      closeResult: 0,
      closeMs: 1_000,
      stateAfter: "FIN_WAIT1",
      sent: 9,
      readAfter: 9,
      peerEnd: "end",
    },
    [YES, { closeResult: "EAGAIN", peerEnd: "ECONNRESET" }],
    [DEPENDS, { closeResult: "EAGAIN" }],
  ),
  judge(
    linger.lingerZero,
    YES,
    { sent: 9, arrived: 4, peerEnd: "ECONNRESET", closerAfter: "gone" },
    [NO, { closerAfter: "TIME_WAIT" }],
    [NO, { arrived: 9, peerEnd: "end" }],
  ),
  judge(
    linger.lingerAndShutdown,
    YES,
    { lingerSeconds: 1, shutdownMs: 0, closeMs: 1_000 },
    [NO, { shutdownMs: 1_000 }],
  ),
  judge(
    shutdown.shutRead,
    DEPENDS,
    { result: 0, queuedBefore: 6, whenEmpty: 0, peerSent: 10, sentAfter: 10 },
    [DEPENDS, { queuedBefore: 0, sentAfter: 0 }],
    [NO, { sentAfter: 0 }],
  ),
  judge(
    shutdown.shutBoth,
    YES,
    { first: 3, stateAfterFirst: "gone", second: "EPIPE" },
    [NO, { stateAfterFirst: "CLOSE_WAIT", second: 3 }],
  ),
  judge(
    shutdown.shutWriteUnread,
    YES,
    { unread: 13, read: 10, end: 0, later: 13 },
    [NO, { end: "ECONNRESET" }],
  ),
  judge(
    shutdown.closeOrShutdown,
    YES,
    { close: seen, shutdown: { ...seen, second: 3 } },
    [NO, { shutdown: { ...seen, read: "EAGAIN" } }],
    [NO, { shutdown: seen }],
  ),
  judge(
    shutdown.secondWrite,
    YES,
    { first: 3, second: "EPIPE", signal: true, signalWithNoSignal: false },
    [NO, { first: "EPIPE" }],
    [NO, { signal: false }],
  ),
  judge(
    descriptors.dupAndClose,
    YES,
    {
      afterClose: "EAGAIN",
      stateAfterClose: "ESTABLISHED",
      afterShutdown: 0,
      sendOnOther: "EPIPE",
    },
    [NO, { afterClose: 0 }],
    [NO, { sendOnOther: 1 }],
  ),
  judge(
    descriptors.shutdownKeepsDescriptor,
    YES,
    { before: 9, afterShutdown: 9, afterClose: 8 },
    [NO, { afterShutdown: 8 }],
  ),
  judge(
    descriptors.neverCloses,
    YES,
    {
      spare: 6,
      accepted: 6,
      error: "EMFILE",
      clientHeard: "EAGAIN",
      serverState: "CLOSE_WAIT",
      acceptAfterClose: "works",
    },
    [NO, { clientHeard: 0 }],
    [NO, { error: "EAGAIN" }],
  ),
  judge(
    descriptors.closeDoesNotWake,
    YES,
    {
      blocked: true,
      closeWoke: false,
      waitedMs: 200,
      freedBy: 7,
      shutdownWoke: true,
      shutdownMs: 0,
    },
    [NO, { closeWoke: true }],
    [NO, { shutdownWoke: false }],
  ),
  judge(
    states.closingStates,
    YES,
    {
      first: ["ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"],
      second: ["ESTABLISHED", "CLOSE_WAIT", "LAST_ACK", "gone"],
    },
    [NO, { first: ["ESTABLISHED", "CLOSING", "TIME_WAIT"] }],
  ),
  judge(
    states.closeWaitStays,
    YES,
    { watchedMs: 2_000, looks: 9, states: ["CLOSE_WAIT"], afterClose: "gone" },
    [NO, { states: ["CLOSE_WAIT", "gone"] }],
  ),
  judge(
    states.resetLeavesNothing,
    YES,
    { afterFin: "TIME_WAIT", afterReset: "gone" },
    [NO, { afterReset: "TIME_WAIT" }],
  ),
  judge(
    states.bindAgain,
    DEPENDS,
    { plain: { ...binds, with: "EADDRINUSE" }, reusing: binds },
    [YES, { plain: binds }],
    [NO, { reusing: { ...binds, with: "EADDRINUSE" } }],
  ),
  judge(
    messages.peekAndWait,
    YES,
    { peeked: "hello", read: "hello", waitedWith: 5, waitAll: 10, plain: 5 },
    [NO, { read: "" }],
    [NO, { waitedWith: 0, waitAll: 5 }],
  ),
  judge(
    messages.gatherScatter,
    YES,
    {
      tcp: scattered,
      udp: scattered,
      udpTooSmall: { ...scattered, parts: ["ab", "cd"], truncated: true },
      sendtoNull: 4,
      sendtoAddress: 9,
    },
    [NO, { sendtoNull: "EDESTADDRREQ" }],
    [DEPENDS, { udp: spilt }],
  ),
  judge(
    crash.deadProcess,
    YES,
    { readAll: dead, unread: reset, orderly },
    [NO, { readAll: reset }],
    [NO, { unread: dead }],
  ),
];
