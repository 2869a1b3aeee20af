/**
 * Less common ways to send and receive. Claims 34 and 35.
 *
 * @module
 */

import type { Bench } from "./bench.ts";
import {
  depends,
  type Experiment,
  FAILS,
  HOLDS,
  holdsIf,
} from "./experiment.ts";
import { type Errno, MSG } from "./linux.ts";

const text = (data?: Uint8Array) => new TextDecoder().decode(data);

/** Claim 34: MSG_PEEK and MSG_WAITALL. */
export const peekAndWait: Experiment<{
  peeked: string;
  read: string;
  waitedWith: number;
  waitAll: number | Errno;
  plain: number | Errno;
}> = {
  number: 34,
  claim: "MSG_PEEK leaves the bytes; MSG_WAITALL waits for all of them",
  async run(bench) {
    const pair = await bench.pair({ label: "peek, then wait for all" });
    const send = async (what: string, unread: number) => {
      await bench.client.call("send", pair.client, what);
      return await bench.until(pair, (s) => s.server?.unread === unread, 300);
    };
    await send("hello", 5);
    const peeked = await bench.server.call("recv", pair.server, 64, MSG.PEEK);
    const read = await bench.server.call("recv", pair.server, 64);
    await send("half ", 5);
    let returned = false;
    const waiting = bench.server.call("recv", pair.server, 10, MSG.WAITALL)
      .finally(() => returned = true);
    // Its not returning is the evidence, so this time is waited out.
    await bench.until(pair, () => returned, 100);
    const waitedWith = returned ? 0 : 5;
    await bench.client.call("send", pair.client, "whole");
    const all = await waiting;
    await send("half ", 5);
    const plain = await bench.server.call("recv", pair.server, 10);
    return {
      peeked: text(peeked.data),
      read: text(read.data),
      waitedWith,
      waitAll: all.errno ?? all.value,
      plain: plain.errno ?? plain.value,
    };
  },
  verdict: (e) =>
    holdsIf(
      e.peeked === "hello" && e.read === e.peeked && e.waitedWith > 0 &&
        e.waitAll === 10,
    ),
  seen: (e) =>
    `peeked "${e.peeked}", then read "${e.read}"; MSG_WAITALL for 10 waited ` +
    `with ${e.waitedWith} there and returned ${e.waitAll}; plain recv() ${e.plain}`,
  why:
    "MSG_PEEK copies without removing. MSG_WAITALL keeps recv() asleep until " +
    "the buffer is full, but an end, an error or a signal still makes it " +
    "return less, so its result must be checked all the same.",
  sources: ["recv(2)", "POSIX recv()"],
  fixedBy: "POSIX recv()",
};

/** What recvmsg() put where. */
interface Scattered {
  sent: number | Errno;
  parts: string[];
  truncated: boolean;
}

/** Claim 35: gather and scatter, and sendto() without an address. */
export const gatherScatter: Experiment<{
  tcp: Scattered;
  udp: Scattered;
  udpTooSmall: Scattered;
  sendtoNull: number | Errno;
  sendtoAddress: number | Errno;
}> = {
  number: 35,
  claim:
    "sendmsg and recvmsg gather and scatter on TCP and UDP; sendto without an " +
    "address works on connected TCP",
  async run(bench: Bench) {
    const parts = ["ab", "cde", "f"];
    const pair = await bench.pair({ label: "sendmsg, recvmsg, sendto" });
    const { value: receiver } = await bench.server.call("socket", "datagram");
    await bench.server.run([
      ["setsockopt", receiver, "SO_RCVTIMEO", 1_000],
      ["bind", receiver, 0],
    ]);
    const { value: port } = await bench.server.call("localPort", receiver);
    const { value: sender } = await bench.client.call("socket", "datagram");
    const scatter = async (kind: "tcp" | "udp", rooms: number[]) => {
      const [from, to] = kind === "tcp"
        ? [pair.client, pair.server]
        : [sender, receiver];
      const sent = await bench.client.call(
        "sendmsg",
        from,
        parts,
        kind === "udp" ? port : null,
      );
      const got = await bench.server.call("recvmsg", to, rooms);
      return {
        sent: sent.errno ?? sent.value,
        parts: got.parts,
        truncated: got.truncated,
      };
    };
    const result = {
      tcp: await scatter("tcp", [4, 4]),
      udp: await scatter("udp", [4, 4]),
      udpTooSmall: await scatter("udp", [2, 2]),
    };
    const [bare, addressed] = await bench.client.run([
      ["sendto", pair.client, "bare", null],
      ["sendto", pair.client, "addressed", pair.serverPort],
    ]);
    return {
      ...result,
      sendtoNull: bare?.errno ?? bare?.value ?? "EBADF",
      sendtoAddress: addressed?.errno ?? addressed?.value ?? "EBADF",
    };
  },
  verdict(e) {
    const scatters = (s: Scattered) =>
      s.sent === 6 && `${s.parts}` === "abcd,ef" && !s.truncated;
    if (!scatters(e.tcp) && !scatters(e.udp)) return FAILS;
    if (!scatters(e.tcp)) return depends("the protocol: UDP only");
    if (!scatters(e.udp)) return depends("the protocol: TCP only");
    return e.sendtoNull === 4 ? HOLDS : FAILS;
  },
  seen: (e) =>
    `3 parts in 2 buffers: TCP ${e.tcp.parts.join("|")}, UDP ` +
    `${e.udp.parts.join("|")}, UDP with room for 4 of 6 ` +
    `${e.udpTooSmall.parts.join("|")}${
      e.udpTooSmall.truncated ? " (cut)" : ""
    }; ` +
    `sendto without address ${e.sendtoNull}, with ${e.sendtoAddress}`,
  why:
    "The vectors of sendmsg() and recvmsg() are only about memory: the parts " +
    "become one run of bytes, and boundaries of parts do not travel. A datagram " +
    "that does not fit is cut and the rest is gone, which MSG_TRUNC reports. On " +
    "a connected stream sendto() is send(), and Linux ignores an address where " +
    "POSIX allows EISCONN.",
  sources: ["sendmsg(2), recvmsg(2)", "POSIX sendto(), recvmsg()"],
  fixedBy: "POSIX sendmsg(), recvmsg()",
};
