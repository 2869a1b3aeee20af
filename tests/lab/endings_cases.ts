/**
 * Made-up evidence: closing, lingering and crashing, and what becomes of what
 * was sent.
 *
 * @module
 */

import * as closing from "../../lab/closing.ts";
import * as crash from "../../lab/crash.ts";
import * as linger from "../../lab/linger.ts";
import * as million from "../../lab/million.ts";
import type { Tally } from "../../lab/tally.ts";
import { type Case, DEPENDS, judge, NO, YES } from "./judge.ts";

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

/** Closing, lingering and crashing, and what becomes of what was sent. */
export const ENDINGS: readonly Case[] = [
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
    crash.deadProcess,
    YES,
    { readAll: dead, unread: reset, orderly },
    [NO, { readAll: reset }],
    [NO, { unread: dead }],
  ),
];
