/**
 * Descriptors and connections are two things. Claims 26 to 29.
 *
 * A descriptor is a number in a process; close() gives the number back, and
 * only the last one takes the connection with it. shutdown() is about the
 * connection and does not care how many numbers there are.
 *
 * @module
 */

import { LabError } from "./error.ts";
import { type Experiment, holdsIf } from "./experiment.ts";
import { type Errno, SHUT } from "./linux.ts";
import { blockedOn } from "./proc.ts";

/** How long nothing must happen to count as nothing. A bounded absence. */
const SILENCE_MS = 200;

/** Claim 26: two descriptors of one socket. */
export const dupAndClose: Experiment<{
  afterClose: number | Errno;
  stateAfterClose: string;
  afterShutdown: number | Errno;
  sendOnOther: number | Errno;
}> = {
  number: 26,
  claim:
    "close() on one of two descriptors sends nothing; shutdown() acts at once " +
    "on both",
  async run(bench) {
    const pair = await bench.pair({ label: "dup, close, shutdown" });
    const second = await bench.client.call("dup", pair.client);
    const third = await bench.client.call("dup", pair.client);
    await bench.client.call("close", pair.client);
    const listen = () =>
      bench.server.call("recvWithin", pair.server, 64, SILENCE_MS);
    const afterClose = await listen();
    const { server } = bench.states(pair);
    await bench.client.call("shutdown", second.value, SHUT.WR);
    const afterShutdown = await listen();
    const send = await bench.client.call("send", third.value, "x");
    return {
      afterClose: afterClose.errno ?? afterClose.value,
      stateAfterClose: server?.state ?? "gone",
      afterShutdown: afterShutdown.errno ?? afterShutdown.value,
      sendOnOther: send.errno ?? send.value,
    };
  },
  verdict: (e) =>
    holdsIf(
      e.afterClose === "EAGAIN" && e.stateAfterClose === "ESTABLISHED" &&
        e.afterShutdown === 0 && e.sendOnOther === "EPIPE",
    ),
  seen: (e) =>
    `after close(): ${e.afterClose} (silence), ${e.stateAfterClose}; after ` +
    `shutdown(): recv() = ${e.afterShutdown}; send() on the other: ${e.sendOnOther}`,
  why:
    "dup() and fork() make more descriptors of one open socket, and the kernel " +
    "closes the connection with the last. A server that forks and forgets to " +
    "close its copy keeps clients waiting. shutdown() changes the socket " +
    "itself, for every descriptor of it.",
  sources: ["close(2)", "shutdown(2)", "POSIX shutdown()"],
  fixedBy: "POSIX close(), shutdown()",
};

/** Claim 27: does shutdown() close? */
export const shutdownKeepsDescriptor: Experiment<
  { before: number; afterShutdown: number; afterClose: number }
> = {
  number: 27,
  claim: "after shutdown(SHUT_RDWR) the descriptor is still open",
  async run(bench) {
    const pair = await bench.pair({ label: "SHUT_RDWR" });
    const counted = await bench.client.run([
      ["countDescriptors"],
      ["shutdown", pair.client, SHUT.RDWR],
      ["countDescriptors"],
      ["close", pair.client],
      ["countDescriptors"],
    ]);
    const [before, , afterShutdown, , afterClose] = counted;
    return {
      before: before?.value ?? 0,
      afterShutdown: afterShutdown?.value ?? 0,
      afterClose: afterClose?.value ?? 0,
    };
  },
  verdict: (e) =>
    holdsIf(e.afterShutdown === e.before && e.afterClose === e.before - 1),
  seen: (e) =>
    `descriptors: ${e.before}, after shutdown() ${e.afterShutdown}, after ` +
    `close() ${e.afterClose}`,
  why:
    "shutdown() ends the conversation, close() gives the number back. A program " +
    "that only shuts down leaks a descriptor for each connection.",
  sources: ["shutdown(2)", "POSIX shutdown()"],
  fixedBy: "POSIX shutdown()",
};

/** Claim 28: a server that never closes. */
export const neverCloses: Experiment<{
  spare: number;
  accepted: number;
  error: Errno | null;
  clientHeard: number | Errno;
  serverState: string;
  acceptAfterClose: "works" | Errno;
}> = {
  number: 28,
  claim:
    "a server that never closes accepted sockets runs out of descriptors and " +
    "its clients never see an end",
  async run(bench) {
    const spare = 6;
    const listener = await bench.listen();
    const clients: { fd: number; port: number }[] = [];
    for (let i = 0; i < spare + 4; i++) {
      const fd = i === 0
        ? await bench.followed("the first of the clients", listener.port)
        : await bench.socket();
      await bench.client.call("connect", fd, listener.port);
      const { value: port } = await bench.client.call("localPort", fd);
      clients.push({ fd, port });
    }
    const full = await bench.server.call("acceptUntilFull", listener.fd, spare);
    for (const fd of full.accepted) bench.adopt(fd);
    const first = clients[0];
    if (!first) throw new LabError("Cannot connect a client");
    const ports = { clientPort: first.port, serverPort: listener.port };
    // The first client has said all, and waits for the server to say so too.
    await bench.client.call("shutdown", first.fd, SHUT.WR);
    const heard = await bench.client.call(
      "recvWithin",
      first.fd,
      1,
      SILENCE_MS,
    );
    const { server } = bench.states(ports);
    await bench.server.call("close", full.accepted[0] ?? -1);
    const again = await bench.server.call("accept", listener.fd);
    return {
      spare,
      accepted: full.value,
      error: full.errno,
      clientHeard: heard.errno ?? heard.value,
      serverState: server?.state ?? "gone",
      acceptAfterClose: again.errno ?? "works",
    };
  },
  verdict: (e) =>
    holdsIf(
      e.error === "EMFILE" && e.clientHeard === "EAGAIN" &&
        e.serverState === "CLOSE_WAIT",
    ),
  seen: (e) =>
    `${e.accepted} accepted with room for ${e.spare}, then ${e.error}; a client ` +
    `that had finished heard: ${e.clientHeard} (silence), server in ` +
    `${e.serverState}; after one close() accept() ${e.acceptAfterClose}`,
  why:
    "Each accepted socket is a descriptor until close(). The client's FIN only " +
    "moves the server's side to CLOSE_WAIT, where it stays (claim 31). At the " +
    "limit accept() fails with EMFILE while new clients still connect, because " +
    "the kernel does that part.",
  sources: ["accept(2) EMFILE", "getrlimit(2) RLIMIT_NOFILE"],
  fixedBy: "POSIX accept()",
};

/** Claim 29: waking a blocked recv(). */
export const closeDoesNotWake: Experiment<{
  blocked: boolean;
  closeWoke: boolean;
  waitedMs: number;
  freedBy: number | Errno;
  shutdownWoke: boolean;
  shutdownMs: number;
}> = {
  number: 29,
  claim: "close() in one thread does not wake a recv() blocked in another; " +
    "shutdown(SHUT_RDWR) does",
  async run(bench) {
    const attempt = async (how: "close" | "shutdown") => {
      const pair = await bench.pair({ label: `${how}() while recv() waits` });
      let woke = false;
      const reading = bench.server.call("recv", pair.server, 64).finally(() =>
        woke = true
      );
      const inside = () => blockedOn(bench.server.thread, pair.server);
      await bench.until(pair, () => inside() !== false, 500);
      const blocked = inside() === true && !woke;
      const acted =
        await (how === "close"
          ? bench.other.call("close", pair.server)
          : bench.other.call("shutdown", pair.server, SHUT.RDWR));
      // For close() the evidence is that nothing comes of it in this time.
      await bench.until(pair, () => woke, SILENCE_MS);
      const byItself = woke;
      // Whoever still waits is freed by what the peer sends.
      if (!woke) await bench.client.call("send", pair.client, "wake up");
      const read = await reading;
      return {
        blocked,
        woke: byItself,
        ms: read.end - acted.end,
        read: read.errno ?? read.value,
      };
    };
    const closed = await attempt("close");
    const cut = await attempt("shutdown");
    return {
      blocked: closed.blocked && cut.blocked,
      closeWoke: closed.woke,
      waitedMs: closed.ms,
      freedBy: closed.read,
      shutdownWoke: cut.woke,
      shutdownMs: Math.max(0, cut.ms),
    };
  },
  verdict: (e) => holdsIf(!e.closeWoke && e.shutdownWoke),
  seen: (e) =>
    `close(): ${e.closeWoke ? "woke" : "still blocked"} after ` +
    `${e.waitedMs.toFixed(0)} ms, then read ${e.freedBy} bytes from a closed ` +
    `descriptor; shutdown(): ${
      e.shutdownWoke ? "woke" : "did not wake"
    } after ` +
    `${e.shutdownMs.toFixed(2)} ms`,
  why:
    "A system call holds a reference to the open socket while it runs. close() " +
    "removes the number, the reference keeps the socket alive, and nobody tells " +
    "the sleeper; not even a FIN goes out. shutdown() changes the socket and " +
    "wakes everyone who waits on it.",
  sources: ["close(2) NOTES: multithreaded processes", "shutdown(2)"],
};
