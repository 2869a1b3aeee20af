/**
 * Opening: what listen(), connect() and accept() do, claims 1 to 5.
 *
 * A connection is made by the two kernels. A program's accept() takes one that
 * has been made already, and connect() waits for the peer's kernel, not for
 * the peer's program.
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
import { type Errno, POLL, type TcpState } from "./linux.ts";
import { sysctl } from "./proc.ts";

/** Claim 1: the smallest client and server there are. */
export const basicPair: Experiment<
  { listener: TcpState[]; sent: string; received: string; end: number | Errno }
> = {
  number: 1,
  claim: "socket, bind, listen, accept against socket, connect: text arrives",
  async run(bench: Bench) {
    const sent = "this is why we play";
    const listener = await bench.listen();
    const state = bench.stateOfPort(listener.port);
    const pair = await bench.connect(listener, { label: "the basic pair" });
    await bench.server.run([["send", pair.server, sent], [
      "close",
      pair.server,
    ]]);
    let received = "";
    for (;;) {
      const { data, value, errno } = await bench.client.call(
        "recv",
        pair.client,
        64,
      );
      received += new TextDecoder().decode(data);
      if (value <= 0) {
        return { listener: state, sent, received, end: errno ?? value };
      }
    }
  },
  verdict: (e) => holdsIf(e.received === e.sent && e.end === 0),
  seen: (e) =>
    `listener ${e.listener}; read "${e.received}", then ${e.end} (the end)`,
  why:
    "Each side makes a socket; the server gives it an address and a queue, the " +
    "client's connect() starts the handshake SYN, SYN+ACK, ACK. The client " +
    "reads until recv() returns 0, which is how the peer's FIN looks from above.",
  sources: ["tcp(7)", "RFC 9293 section 3.5"],
  fixedBy: "RFC 9293 section 3.5",
};

/** Claim 2: what connect() waits for. */
export const connectWaits: Experiment<
  { result: number | Errno; ms: number; serverSent: number; state: string }
> = {
  number: 2,
  claim: "connect() returns only once the server has sent something",
  async run(bench) {
    const listener = await bench.listen(); // and nobody calls accept()
    const client = await bench.followed("nobody accepts", listener.port);
    // connect(2) obeys SO_SNDTIMEO, so that the claim would show as a timeout.
    await bench.client.call("setsockopt", client, "SO_SNDTIMEO", 1_000);
    const made = await bench.client.call("connect", client, listener.port);
    const { value: port } = await bench.client.call("localPort", client);
    const { client: row } = bench.states({
      clientPort: port,
      serverPort: listener.port,
    });
    return {
      result: made.errno ?? made.value,
      ms: made.end - made.start,
      serverSent: row?.unread ?? 0,
      state: row?.state ?? "gone",
    };
  },
  verdict: (e) => holdsIf(!(e.result === 0 && e.serverSent === 0)),
  seen: (e) =>
    `connect() = ${e.result} after ${e.ms.toFixed(2)} ms, ${e.state}; ` +
    `no accept(), ${e.serverSent} bytes from the server`,
  why:
    "connect() returns when SYN+ACK has come, and the server's kernel sends " +
    "that by itself. Nobody has to have called accept(). People believe " +
    "otherwise because many servers greet, and the greeting is what one sees.",
  sources: ["connect(2)", "listen(2)", "RFC 9293 section 3.5"],
  fixedBy: "RFC 9293 section 3.5",
};

/** Claim 3: accept() and the listening socket. */
export const acceptIsNew: Experiment<{
  listener: number;
  accepted: number[];
  before: TcpState[];
  after: TcpState[];
  samePort: boolean;
  peerPorts: boolean;
}> = {
  number: 3,
  claim: "accept() hands out a new socket, the listening one stays as it was",
  async run(bench) {
    const listener = await bench.listen();
    const listening = () =>
      bench.stateOfPort(listener.port).filter((s) => s === "LISTEN");
    const before = listening();
    const first = await bench.connect(listener, { label: "first client" });
    const second = await bench.connect(listener);
    const ports = await bench.server.run([
      ["localPort", first.server],
      ["localPort", second.server],
    ]);
    const states = [bench.states(first), bench.states(second)];
    return {
      listener: listener.fd,
      accepted: [first.server, second.server],
      before,
      after: listening(),
      samePort: ports.every(({ value }) => value === listener.port),
      peerPorts: states.every(({ server }) => server?.state === "ESTABLISHED"),
    };
  },
  verdict: (e) =>
    holdsIf(
      new Set([e.listener, ...e.accepted]).size === 3 && e.samePort &&
        e.peerPorts && `${e.before}` === "LISTEN" && `${e.after}` === "LISTEN",
    ),
  seen: (e) =>
    `listener fd ${e.listener} ${e.before} → ${e.after}; accepted fds ` +
    `${e.accepted.join(", ")}, ESTABLISHED on the same port`,
  why: "A connection is the four numbers of both addresses and ports. The " +
    "accepted sockets share the listener's port and differ in the client's; " +
    "closing one of them closes neither the listener nor the other.",
  sources: ["accept(2)", "POSIX accept()"],
  fixedBy: "POSIX accept()",
};

/** Claim 4: more clients than the backlog has room for. */
export const backlogFull: Experiment<{
  backlog: number;
  abortOnOverflow: string;
  attempts: (number | Errno)[];
  closedPort: number | Errno;
  waitedThenConnectedMs: number | null;
}> = {
  number: 4,
  claim: "when the backlog is full the client gets ECONNREFUSED",
  async run(bench) {
    const backlog = 1;
    const listener = await bench.listen({ backlog });
    const attempts: (number | Errno)[] = [];
    let waiting = -1;
    for (let i = 0; i < 4 && waiting === -1; i++) {
      const label = `client ${i + 1}, backlog ${backlog}`;
      const fd = await bench.followed(label, listener.port);
      // Long enough for an answer on loopback, shorter than the SYN's repeat.
      await bench.client.call("setsockopt", fd, "SO_SNDTIMEO", 200);
      const made = await bench.client.call("connect", fd, listener.port);
      attempts.push(made.errno ?? made.value);
      if (made.errno === "EINPROGRESS") waiting = fd;
    }
    // Once the server takes what is queued, the repeated SYN finds room.
    await bench.server.run([
      ["accept", listener.fd],
      ["accept", listener.fd],
    ]);
    const polled = await bench.client.call("poll", waiting, POLL.OUT, 4_000);
    const unused = await bench.socket();
    const probe = await bench.listen();
    await bench.server.call("close", probe.fd);
    const refused = await bench.client.call("connect", unused, probe.port);
    return {
      backlog,
      abortOnOverflow: sysctl("tcp_abort_on_overflow"),
      attempts,
      closedPort: refused.errno ?? refused.value,
      waitedThenConnectedMs: waiting !== -1 && polled.value === POLL.OUT
        ? polled.end - polled.start
        : null,
    };
  },
  verdict(e) {
    if (e.attempts.includes("ECONNREFUSED")) return HOLDS;
    if (e.attempts.includes("ECONNRESET")) {
      return depends("tcp_abort_on_overflow, which resets them here");
    }
    return FAILS;
  },
  seen: (e) =>
    `backlog ${e.backlog}: ${e.attempts.join(", ")}` +
    (e.waitedThenConnectedMs === null
      ? ""
      : `; connected ${e.waitedThenConnectedMs.toFixed(0)} ms after accept()`) +
    `; a closed port: ${e.closedPort}`,
  why:
    "Wrong on Linux. A full accept queue makes the kernel drop the SYN, so the " +
    "client's kernel repeats it after 1, 3, 7 seconds and connect() waits; it " +
    "is refused only where nobody listens. (backlog N holds N + 1 here.) People " +
    "believe it because Windows does answer with RST, and because listen(2) " +
    "says 'may receive an error with an indication of ECONNREFUSED'; the same " +
    "sentence goes on: 'or, if the underlying protocol supports " +
    "retransmission, the request may be ignored'. With " +
    "tcp_abort_on_overflow=1 Linux resets a client that is half in.",
  sources: ["listen(2)", "tcp(7) tcp_abort_on_overflow"],
};

/** Claim 5: the highest port. */
export const portRange: Experiment<{
  bind65535: number | Errno;
  bind65536: number | Errno;
  connect65535: number | Errno;
  connect65536: number | Errno;
}> = {
  number: 5,
  claim: "ports go from 0 to 65536",
  async run(bench) {
    const bound = async (port: number) => {
      const { value: fd } = await bench.server.call("socket", "stream");
      const result = await bench.server.call("bind", fd, port);
      if (result.errno) return result.errno;
      return (await bench.server.call("localPort", fd)).value;
    };
    const connected = async (port: number) => {
      const fd = await bench.followed(`connect to ${port}`, port % 65536);
      const result = await bench.client.call("connect", fd, port);
      return result.errno ?? result.value;
    };
    return {
      bind65535: await bound(65535),
      bind65536: await bound(65536),
      connect65535: await connected(65535),
      connect65536: await connected(65536),
    };
  },
  verdict: (e) => holdsIf(e.bind65536 === 65536),
  seen: (e) =>
    `bind 65535 → ${e.bind65535}, bind 65536 → ${e.bind65536}; ` +
    `connect 65535: ${e.connect65535}, 65536: ${e.connect65536}`,
  why:
    "A port is a 16-bit field, so 65535 is the last. htons(65536) is 0, and " +
    "binding to 0 means 'any free port', which is what came out. 65536 is the " +
    "number of ports, and that is how it gets into the sentence.",
  sources: ["RFC 9293 section 3.1", "ip(7)"],
  fixedBy: "RFC 9293 section 3.1",
};
