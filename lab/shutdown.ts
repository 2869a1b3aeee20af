/**
 * shutdown(): closing one direction. Claims 21 to 25.
 *
 * @module
 */

import { depends, type Experiment, FAILS, holdsIf } from "./experiment.ts";
import { type Errno, MSG, SHUT, type TcpState } from "./linux.ts";

/** Claim 21: two textbooks on SHUT_RD. */
export const shutRead: Experiment<{
  result: number | Errno;
  queuedBefore: number | Errno;
  whenEmpty: number | Errno;
  peerSent: number | Errno;
  sentAfter: number | Errno;
}> = {
  number: 21,
  claim:
    "SHUT_RD throws away what came and what will come / SHUT_RD is a no-op",
  async run(bench) {
    const pair = await bench.pair({ label: "SHUT_RD" });
    const read = async () => {
      const got = await bench.client.call("recvWithin", pair.client, 64, 200);
      return got.errno ?? got.value;
    };
    await bench.server.call("send", pair.server, "before");
    await bench.until(pair, (s) => s.client?.unread === 6);
    const cut = await bench.client.call("shutdown", pair.client, SHUT.RD);
    const queuedBefore = await read();
    const whenEmpty = await read();
    const more = await bench.server.call("send", pair.server, "afterwards");
    await bench.until(pair, (s) => s.client?.unread === 10, 200);
    return {
      result: cut.errno ?? cut.value,
      queuedBefore,
      whenEmpty,
      peerSent: more.errno ?? more.value,
      sentAfter: await read(),
    };
  },
  verdict(e) {
    const discards = e.queuedBefore === 0 && e.sentAfter === 0;
    const keeps = e.queuedBefore === 6 && e.sentAfter === 10;
    // Two claims that exclude each other: at most one can be right.
    if (discards) {
      return depends("the book: 'throws away' is right here, 'no-op' wrong");
    }
    if (!keeps) return FAILS;
    const empty = e.whenEmpty === "EAGAIN"
      ? "'no-op' right"
      : "'no-op' right about the bytes, but recv() on an empty buffer no " +
        "longer waits";
    return depends(`the book: 'throws away' is wrong here, ${empty}`);
  },
  seen: (e) =>
    `recv() of 6 bytes queued before: ${e.queuedBefore}; with nothing queued: ` +
    `${e.whenEmpty}; of 10 sent after: ${e.sentAfter}`,
  why:
    "The two claims contradict each other, and each is taught. Linux sends " +
    "nothing to the peer and keeps accepting bytes; all that changes is that " +
    "recv() on an empty buffer says 0 at once. BSD does throw bytes away, and " +
    "Stevens described BSD; POSIX says only 'disables further receive " +
    "operations'; TCP has no packet for it. So SHUT_RD is no way to stop a peer " +
    "and no way to empty a buffer.",
  sources: ["shutdown(2)", "POSIX shutdown()", "RFC 9293 section 3.6"],
};

/** Claim 22: both directions, one after the other. */
export const shutBoth: Experiment<{
  first: number | Errno;
  stateAfterFirst: TcpState | "gone";
  second: number | Errno;
}> = {
  number: 22,
  claim: "SHUT_WR then SHUT_RD closes fully: the peer's next bytes get RST",
  async run(bench) {
    const pair = await bench.pair({ label: "SHUT_WR, SHUT_RD" });
    await bench.client.run([
      ["shutdown", pair.client, SHUT.WR],
      ["shutdown", pair.client, SHUT.RD],
    ]);
    await bench.until(pair, (s) => s.server?.state === "CLOSE_WAIT");
    await bench.until(pair, (s) => s.client?.state === "FIN_WAIT2");
    const first = await bench.server.call("send", pair.server, "one");
    const after = await bench.until(pair, (s) => s.server === null, 200);
    const second = await bench.server.call("send", pair.server, "two");
    return {
      first: first.errno ?? first.value,
      stateAfterFirst: after.server?.state ?? "gone",
      second: second.errno ?? second.value,
    };
  },
  verdict: (e) =>
    holdsIf(e.stateAfterFirst === "gone" && typeof e.second === "string"),
  seen: (e) =>
    `peer's first send() = ${e.first}, its socket then ${e.stateAfterFirst}; ` +
    `second send() = ${e.second}`,
  why:
    "With our FIN sent and nobody left who could read, bytes that come have no " +
    "destination, and RFC 1122 wants the sender to know: RST. The descriptor is " +
    "still open, but the connection is over as after close().",
  sources: ["RFC 1122 section 4.2.2.13", "shutdown(2)"],
};

/** Claim 23: SHUT_WR and unread input. */
export const shutWriteUnread: Experiment<
  { unread: number; read: number | Errno; end: number | Errno; later: number }
> = {
  number: 23,
  claim: "SHUT_WR with unread input does not cause RST",
  async run(bench) {
    const pair = await bench.pair({ label: "SHUT_WR with a greeting unread" });
    await bench.server.call("send", pair.server, "220 Welcome\r\n");
    const before = await bench.until(pair, (s) => s.client?.unread === 13);
    await bench.client.run([
      ["send", pair.client, "last words"],
      ["shutdown", pair.client, SHUT.WR],
    ]);
    const [read, end] = await bench.server.run([
      ["recv", pair.server, 64],
      ["recv", pair.server, 64],
    ]);
    const later = await bench.client.call("recv", pair.client, 64);
    return {
      unread: before.client?.unread ?? 0,
      read: read?.errno ?? read?.value ?? 0,
      end: end?.errno ?? end?.value ?? -1,
      later: later.value,
    };
  },
  verdict: (e) => holdsIf(e.unread > 0 && e.read === 10 && e.end === 0),
  seen: (e) =>
    `${e.unread} unread: peer's recv() = ${e.read}, then ${e.end}; ` +
    `the greeting could still be read: ${e.later}`,
  why:
    "shutdown(SHUT_WR) closes one direction and says nothing about the other, " +
    "so there is nothing to report to the peer. The reset comes from giving the " +
    "socket up with bytes in it, which only close() does.",
  sources: ["RFC 9293 section 3.6", "shutdown(2)"],
  fixedBy: "RFC 9293 section 3.6",
};

/** What the peer of a closing side sees. */
interface Seen {
  state: TcpState | "gone";
  read: number | Errno;
  first: number | Errno;
  second: number | Errno;
}

/** Claim 24: can the peer tell? */
export const closeOrShutdown: Experiment<{ close: Seen; shutdown: Seen }> = {
  number: 24,
  claim: "the peer cannot tell close() from shutdown(SHUT_WR) until it writes",
  async run(bench) {
    const peerOf = async (how: "close" | "shutdown"): Promise<Seen> => {
      const pair = await bench.pair({ label: `${how}()` });
      await (how === "close"
        ? bench.client.call("close", pair.client)
        : bench.client.call("shutdown", pair.client, SHUT.WR));
      const { server } = await bench.until(
        pair,
        (s) => s.server?.state === "CLOSE_WAIT",
      );
      const read = await bench.server.call("recv", pair.server, 64);
      const first = await bench.server.call("send", pair.server, "one");
      // Either the answer to it makes the socket vanish, or it is delivered.
      await bench.until(
        pair,
        (s) => s.server === null || s.client?.unread === 3,
        500,
      );
      const second = await bench.server.call("send", pair.server, "two");
      return {
        state: server?.state ?? "gone",
        read: read.errno ?? read.value,
        first: first.errno ?? first.value,
        second: second.errno ?? second.value,
      };
    };
    return { close: await peerOf("close"), shutdown: await peerOf("shutdown") };
  },
  verdict({ close, shutdown }) {
    const same = close.state === shutdown.state && close.read === shutdown.read;
    return holdsIf(
      same && close.first === shutdown.first &&
        close.second !== shutdown.second,
    );
  },
  seen: ({ close: a, shutdown: b }) =>
    `close(): ${a.state}, recv ${a.read}, sends ${a.first}, ${a.second}; ` +
    `shutdown(): ${b.state}, recv ${b.read}, sends ${b.first}, ${b.second}`,
  why:
    "Both send the same FIN. Whether there is still a reader shows only when " +
    "bytes go the other way: to a closed socket they are answered with RST, to " +
    "a half-closed one with an acknowledgement. Even then the first send() " +
    "succeeds, because it returns before the answer comes.",
  sources: ["RFC 9293 section 3.6", "RFC 1122 section 4.2.2.13"],
  fixedBy: "RFC 9293 section 3.6",
};

/** Claim 25: writing to a peer that has gone. */
export const secondWrite: Experiment<{
  first: number | Errno;
  second: number | Errno;
  signal: boolean;
  signalWithNoSignal: boolean;
}> = {
  number: 25,
  claim:
    "the first write after the peer closed succeeds, the second fails with " +
    "EPIPE and SIGPIPE",
  async run(bench) {
    const pair = await bench.pair({ label: "writing after the peer closed" });
    await bench.client.call("close", pair.client);
    await bench.until(pair, (s) => s.server?.state === "CLOSE_WAIT");
    const first = await bench.server.call("send", pair.server, "one");
    await bench.until(pair, (s) => s.server === null);
    const send = (flags: number) =>
      bench.server.call("sendSeeingSignal", pair.server, 3, flags);
    const second = await send(0);
    const quiet = await send(MSG.NOSIGNAL);
    return {
      first: first.errno ?? first.value,
      second: second.errno ?? second.value,
      signal: second.sigpipe,
      signalWithNoSignal: quiet.sigpipe,
    };
  },
  verdict: (e) =>
    holdsIf(typeof e.first === "number" && e.second === "EPIPE" && e.signal),
  seen: (e) =>
    `first send() = ${e.first}, second ${e.second}, SIGPIPE ` +
    `${e.signal ? "raised" : "not raised"}; with MSG_NOSIGNAL ` +
    `${e.signalWithNoSignal ? "raised" : "not raised"}`,
  why:
    "The first write only reaches the local kernel; the RST that answers it " +
    "comes later. The second write meets a dead connection: EPIPE, and SIGPIPE, " +
    "which kills a program that has not asked otherwise. So the bytes of the " +
    "first write are lost without an error.",
  sources: ["send(2)", "POSIX send()", "signal(7)"],
  fixedBy: "POSIX send()",
};
