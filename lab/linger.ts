/**
 * SO_LINGER: what close() waits for, and for how long. Claims 17 to 20.
 *
 * @module
 */

import type { Bench, Pair } from "./bench.ts";
import {
  depends,
  type Experiment,
  FAILS,
  HOLDS,
  holdsIf,
} from "./experiment.ts";
import { type Errno, SHUT, type TcpState } from "./linux.ts";

const SMALL_BUFFER = 32 * 1024;
/** How long the peer's program does something else. */
const BUSY_MS = 1_000;
/** Shorter than a network's round trip is "at once". Scheduling needs margin. */
const AT_ONCE_MS = 250;

/** A connection whose client has filled both buffers; nobody reads. */
async function fullPair(
  bench: Bench,
  label: string,
): Promise<Pair & { sent: number }> {
  const pair = await bench.pair({ label, buffer: SMALL_BUFFER });
  const sent = await bench.client.call("sendUntilFull", pair.client, 1 << 24);
  return { ...pair, sent: sent.value };
}

/** Claim 17: when close() returns, three ways. */
export const threeMoments: Experiment<{
  busyMs: number;
  closeMs: number;
  lingerFitsMs: number;
  lingerFullMs: number;
  halfCloseMs: number;
}> = {
  number: 17,
  claim: "close returns at once; with linger when the FIN is acknowledged; " +
    "shutdown + read when the peer closes",
  async run(bench) {
    const busyPeer = (pair: Pair) =>
      bench.server.run([
        ["pause", BUSY_MS],
        ["recvToEnd", pair.server],
        ["close", pair.server],
      ]);
    const plain = await fullPair(bench, "close()");
    const closed = await bench.client.call("close", plain.client);
    await bench.server.call("close", plain.server);

    const fits = await bench.pair({ label: "linger, and it fits" });
    const [, , lingered] = await bench.client.run([
      ["setsockopt", fits.client, "SO_LINGER", 10],
      ["send", fits.client, 1000],
      ["close", fits.client],
    ]);
    await bench.server.call("close", fits.server);

    const full = await fullPair(bench, "linger, and it does not fit");
    await bench.client.call("setsockopt", full.client, "SO_LINGER", 10);
    const [waited] = await Promise.all([
      bench.client.call("close", full.client),
      busyPeer(full),
    ]);

    const half = await bench.pair({ label: "shutdown() and recv()" });
    const [[, , end]] = await Promise.all([
      bench.client.run([
        ["send", half.client, 1000],
        ["shutdown", half.client, SHUT.WR],
        ["recv", half.client, 1],
      ]),
      busyPeer(half),
    ]);
    const took = (r?: { start: number; end: number }) =>
      r ? r.end - r.start : NaN;
    return {
      busyMs: BUSY_MS,
      closeMs: took(closed),
      lingerFitsMs: took(lingered),
      lingerFullMs: took(waited),
      halfCloseMs: took(end),
    };
  },
  verdict: (e) =>
    holdsIf(
      e.closeMs < AT_ONCE_MS && e.lingerFitsMs < AT_ONCE_MS &&
        e.lingerFullMs > e.busyMs - AT_ONCE_MS &&
        e.halfCloseMs > e.busyMs - AT_ONCE_MS,
    ),
  seen: (e) =>
    `peer busy ${e.busyMs} ms: close ${e.closeMs.toFixed(1)} ms; linger ` +
    `${e.lingerFitsMs.toFixed(1)} ms if its kernel has room, ` +
    `${e.lingerFullMs.toFixed(0)} ms if not; shutdown + recv ` +
    `${e.halfCloseMs.toFixed(0)} ms`,
  why:
    "close() only hands the rest to the kernel. SO_LINGER waits for the peer's " +
    "kernel, which acknowledges as soon as it has room, long before its program " +
    "looks (a lone FIN may wait some 40 ms for a delayed ACK). recv() after shutdown() waits for the peer's own FIN, and that is " +
    "the peer's program speaking.",
  sources: ["socket(7) SO_LINGER", "POSIX close()", "RFC 9293 section 3.6"],
};

/** Claim 18: the linger time runs out. */
export const lingerTooShort: Experiment<{
  lingerSeconds: number;
  closeResult: number | Errno;
  closeMs: number;
  stateAfter: TcpState | "gone";
  sent: number;
  readAfter: number;
  peerEnd: "end" | Errno;
}> = {
  number: 18,
  claim: "linger too short: close returns -1 with EWOULDBLOCK, a reset is sent",
  async run(bench) {
    const pair = await fullPair(bench, "linger of one second, nobody reads");
    const lingerSeconds = 1;
    const [, closed] = await bench.client.run([
      ["setsockopt", pair.client, "SO_LINGER", lingerSeconds],
      ["close", pair.client],
    ]);
    const { client } = bench.states(pair);
    const read = await bench.server.call("recvToEnd", pair.server);
    return {
      lingerSeconds,
      closeResult: closed?.errno ?? closed?.value ?? "EBADF",
      closeMs: closed ? closed.end - closed.start : NaN,
      stateAfter: client?.state ?? "gone",
      sent: pair.sent,
      readAfter: read.value,
      peerEnd: read.errno ?? "end",
    };
  },
  verdict(e) {
    const failed = e.closeResult === "EAGAIN"; // EWOULDBLOCK's other name
    const reset = e.peerEnd === "ECONNRESET";
    if (failed && reset) return HOLDS;
    if (!failed && !reset) return FAILS;
    return depends(
      `the half: close() ${failed ? "fails" : "succeeds"} here ` +
        `and ${reset ? "a" : "no"} reset is sent`,
    );
  },
  seen: (e) =>
    `close() = ${e.closeResult} after ${e.closeMs.toFixed(0)} ms, then ` +
    `${e.stateAfter}; the peer still read ${e.readAfter} of ${e.sent}, ${e.peerEnd}`,
  why:
    "Wrong on Linux, twice. When the time is over close() returns 0, as if all " +
    "were well, and the kernel goes on sending in the background as after a " +
    "plain close(): nothing is reset. People believe it because 4.4BSD and the " +
    "books written about it do fail with EWOULDBLOCK, and because Windows does " +
    "so on a non-blocking socket. So on Linux the return value of a lingering " +
    "close() says nothing; only the time it took does.",
  sources: ["socket(7) SO_LINGER", "POSIX close(), setsockopt()"],
};

/** Claim 19: linger of zero seconds. */
export const lingerZero: Experiment<{
  sent: number;
  arrived: number;
  peerEnd: "end" | Errno;
  closerAfter: TcpState | "gone";
}> = {
  number: 19,
  claim: "linger {1, 0}: RST, unsent bytes gone, no TIME_WAIT",
  async run(bench) {
    const pair = await fullPair(bench, "linger {1, 0}");
    await bench.client.run([
      ["setsockopt", pair.client, "SO_LINGER", 0],
      ["close", pair.client],
    ]);
    const read = await bench.server.call("recvToEnd", pair.server);
    const { client } = bench.states(pair);
    return {
      sent: pair.sent,
      arrived: read.value,
      peerEnd: read.errno ?? "end",
      closerAfter: client?.state ?? "gone",
    };
  },
  verdict: (e) =>
    holdsIf(
      e.peerEnd === "ECONNRESET" && e.arrived < e.sent &&
        e.closerAfter === "gone",
    ),
  seen: (e) =>
    `peer read ${e.arrived} of ${e.sent}, then ${e.peerEnd}; ` +
    `closer's state afterwards: ${e.closerAfter}`,
  why:
    "This is ABORT of RFC 9293: the send buffer is dropped, an RST goes out and " +
    "the connection is forgotten at once. What the peer's kernel had already " +
    "is still read there before the error.",
  sources: ["RFC 9293 section 3.10.5", "socket(7) SO_LINGER"],
  fixedBy: "RFC 9293 section 3.10.5",
};

/** Claim 20: does shutdown() linger? */
export const lingerAndShutdown: Experiment<
  { lingerSeconds: number; shutdownMs: number; closeMs: number }
> = {
  number: 20,
  claim: "SO_LINGER does not affect shutdown()",
  async run(bench) {
    const pair = await fullPair(bench, "shutdown() with linger on");
    const lingerSeconds = 1;
    const [, cut, closed] = await bench.client.run([
      ["setsockopt", pair.client, "SO_LINGER", lingerSeconds],
      ["shutdown", pair.client, SHUT.WR],
      ["close", pair.client], // for comparison: this one waits
    ]);
    return {
      lingerSeconds,
      shutdownMs: cut ? cut.end - cut.start : NaN,
      closeMs: closed ? closed.end - closed.start : NaN,
    };
  },
  verdict: (e) =>
    holdsIf(
      e.shutdownMs < AT_ONCE_MS &&
        e.closeMs > e.lingerSeconds * 1000 - AT_ONCE_MS,
    ),
  seen: (e) =>
    `linger ${e.lingerSeconds} s, buffers full: shutdown ` +
    `${e.shutdownMs.toFixed(2)} ms, close ${e.closeMs.toFixed(0)} ms`,
  why:
    "shutdown(SHUT_WR) puts the FIN behind what is queued and returns. Only " +
    "close() looks at SO_LINGER. socket(7) says otherwise, 'a close(2) or " +
    "shutdown(2) will not return until', and the figures here contradict it. " +
    "To know when the FIN has arrived, read.",
  sources: ["socket(7) SO_LINGER", "shutdown(2)"],
};
