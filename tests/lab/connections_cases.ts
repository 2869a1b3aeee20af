/**
 * Made-up evidence: opening a connection, its buffers, and what a message is.
 *
 * @module
 */

import * as buffers from "../../lab/buffers.ts";
import * as messages from "../../lab/messages.ts";
import * as opening from "../../lab/opening.ts";
import { type Case, DEPENDS, judge, NO, YES } from "./judge.ts";

const scattered = { sent: 6, parts: ["abcd", "ef"], truncated: false };
const spilt = { sent: 6, parts: ["abcdef", ""], truncated: false };

/** Opening a connection, its buffers, and what a message is. */
export const CONNECTIONS: readonly Case[] = [
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
];
