/**
 * Made-up evidence: shutdown, descriptors, and the states of a connection.
 *
 * @module
 */

import * as descriptors from "../../lab/descriptors.ts";
import * as shutdown from "../../lab/shutdown.ts";
import * as states from "../../lab/states.ts";
import { type Case, DEPENDS, judge, NO, YES } from "./judge.ts";

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

/** Shutdown, descriptors, and the states of a connection. */
export const STATES: readonly Case[] = [
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
];
