/**
 * The states of the end of a connection. Claims 30 to 33.
 *
 * On loopback a FIN is acknowledged faster than anyone can look. Full buffers
 * hold it back: while data is queued in front of it, the state that waits for
 * its acknowledgement can be seen.
 *
 * @module
 */

import {
  depends,
  type Experiment,
  FAILS,
  HOLDS,
  holdsIf,
} from "./experiment.ts";
import { type Errno, SHUT, type TcpState } from "./linux.ts";

const SMALL_BUFFER = 32 * 1024;
/** Long enough to show that no timer is running against it. */
const CLOSE_WAIT_MS = 2_000;

/** Claim 30: who goes through which states. */
export const closingStates: Experiment<
  { first: string[]; second: string[] }
> = {
  number: 30,
  claim: "who closes first goes FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT; the other " +
    "CLOSE_WAIT, LAST_ACK",
  async run(bench) {
    const pair = await bench.pair({ label: "two ends", buffer: SMALL_BUFFER });
    const first: string[] = [];
    const second: string[] = [];
    const look = async (client: string, server: string) => {
      const states = await bench.until(
        pair,
        (s) =>
          (s.client?.state ?? "gone") === client &&
          (s.server?.state ?? "gone") === server,
      );
      for (
        const [list, row] of [
          [first, states.client],
          [second, states.server],
        ] as const
      ) {
        const name = row?.state ?? "gone";
        if (list.at(-1) !== name) list.push(name);
      }
    };
    const { client, server } = bench;
    await look("ESTABLISHED", "ESTABLISHED");
    await client.run([
      ["sendUntilFull", pair.client, 1 << 24],
      ["shutdown", pair.client, SHUT.WR],
    ]);
    await look("FIN_WAIT1", "ESTABLISHED"); // the FIN waits behind the data
    await server.call("recvToEnd", pair.server);
    await look("FIN_WAIT2", "CLOSE_WAIT");
    await server.run([
      ["sendUntilFull", pair.server, 1 << 24],
      ["shutdown", pair.server, SHUT.WR],
    ]);
    await look("FIN_WAIT2", "LAST_ACK");
    await client.call("recvToEnd", pair.client);
    await look("TIME_WAIT", "gone");
    return { first, second };
  },
  verdict: (e) =>
    holdsIf(
      `${e.first}` === "ESTABLISHED,FIN_WAIT1,FIN_WAIT2,TIME_WAIT" &&
        `${e.second}` === "ESTABLISHED,CLOSE_WAIT,LAST_ACK,gone",
    ),
  seen: (e) => `first: ${e.first.join(" → ")}; other: ${e.second.join(" → ")}`,
  why:
    "Each side's FIN is acknowledged by the other: the first waits for that in " +
    "FIN_WAIT_1, then for the other's FIN in FIN_WAIT_2; the other knows that " +
    "the first has finished (CLOSE_WAIT) and after its own FIN waits for the " +
    "last ACK. TIME_WAIT stays in case that last ACK is lost.",
  sources: ["RFC 9293 section 3.3.2, figure 5", "RFC 9293 section 3.6"],
  fixedBy: "RFC 9293 section 3.3.2",
};

/** Claim 31: how long CLOSE_WAIT lasts. */
export const closeWaitStays: Experiment<
  { watchedMs: number; looks: number; states: string[]; afterClose: string }
> = {
  number: 31,
  claim: "CLOSE_WAIT lasts as long as the program does not close",
  async run(bench) {
    const pair = await bench.pair({ label: "a program that does not close" });
    await bench.client.call("shutdown", pair.client, SHUT.WR);
    await bench.until(pair, (s) => s.server?.state === "CLOSE_WAIT");
    const states = new Set<string>();
    let looks = 0;
    // That nothing changes is the evidence, so all of the time is watched.
    await bench.until(pair, (s) => {
      looks++;
      states.add(s.server?.state ?? "gone");
      return s.server?.state !== "CLOSE_WAIT";
    }, CLOSE_WAIT_MS);
    await bench.server.call("close", pair.server);
    const after = await bench.until(pair, (s) => s.server === null);
    return {
      watchedMs: CLOSE_WAIT_MS,
      looks,
      states: [...states],
      afterClose: after.server?.state ?? "gone",
    };
  },
  verdict: (e) =>
    holdsIf(`${e.states}` === "CLOSE_WAIT" && e.afterClose !== "CLOSE_WAIT"),
  seen: (e) =>
    `${e.looks} looks in ${e.watchedMs} ms: ${e.states.join(", ")}; after ` +
    `close(): ${e.afterClose}`,
  why:
    "CLOSE_WAIT waits for the local program, and TCP has no timer for that. A " +
    "list of sockets in CLOSE_WAIT is a list of missing close() calls. " +
    "(TIME_WAIT and an orphan's FIN_WAIT_2 do have timers.)",
  sources: ["RFC 9293 section 3.3.2", "tcp(7) tcp_fin_timeout"],
  fixedBy: "RFC 9293 section 3.3.2",
};

/** Claim 32: TIME_WAIT after a reset. */
export const resetLeavesNothing: Experiment<
  { afterFin: TcpState | "gone"; afterReset: TcpState | "gone" }
> = {
  number: 32,
  claim: "an RST leaves no TIME_WAIT",
  async run(bench) {
    const after = async (reset: boolean) => {
      const pair = await bench.pair({
        label: reset ? "reset" : "FIN both ways",
      });
      if (reset) {
        await bench.client.call("setsockopt", pair.client, "SO_LINGER", 0);
      }
      await bench.client.call("close", pair.client);
      await bench.until(pair, (s) => s.server?.state !== "ESTABLISHED");
      await bench.server.call("close", pair.server);
      const states = await bench.until(pair, (s) =>
        s.server === null &&
        (s.client === null || s.client.state === "TIME_WAIT"));
      return states.client?.state ?? "gone";
    };
    return { afterFin: await after(false), afterReset: await after(true) };
  },
  verdict: (e) =>
    holdsIf(e.afterFin === "TIME_WAIT" && e.afterReset === "gone"),
  seen: (e) => `closer after FINs: ${e.afterFin}; after RST: ${e.afterReset}`,
  why: "TIME_WAIT answers a repeated FIN and keeps old packets out of a new " +
    "connection with the same ports. A reset has nobody left to answer, and " +
    "both sides forget at once, with the protection that TIME_WAIT gave.",
  sources: ["RFC 9293 section 3.10.7.4", "RFC 1337"],
  fixedBy: "RFC 9293 section 3.10.7.4",
};

/** What bind() said without and with SO_REUSEADDR on the new socket. */
interface Binds {
  states: TcpState[];
  without: number | Errno;
  with: number | Errno;
}

/** Claim 33: binding again. */
export const bindAgain: Experiment<{ plain: Binds; reusing: Binds }> = {
  number: 33,
  claim:
    "without SO_REUSEADDR a restarted server cannot bind during TIME_WAIT; " +
    "with it, it can",
  async run(bench) {
    const restart = async (reuse: boolean): Promise<Binds> => {
      const listener = await bench.listen({ reuse });
      const label = `a server ${reuse ? "with" : "without"} SO_REUSEADDR stops`;
      const pair = await bench.connect(listener, { label });
      await bench.server.run([["close", pair.server], ["close", listener.fd]]);
      await bench.client.run([
        ["recvToEnd", pair.client],
        ["close", pair.client],
      ]);
      await bench.until(pair, (s) => s.server?.state === "TIME_WAIT");
      const states = bench.stateOfPort(pair.serverPort);
      const bind = async (reuse: boolean) => {
        const { value: fd } = await bench.server.call("socket", "stream");
        if (reuse) await bench.server.call("setsockopt", fd, "SO_REUSEADDR", 1);
        const bound = await bench.server.call("bind", fd, pair.serverPort);
        await bench.server.call("close", fd);
        return bound.errno ?? bound.value;
      };
      return { states, without: await bind(false), with: await bind(true) };
    };
    return { plain: await restart(false), reusing: await restart(true) };
  },
  verdict({ plain, reusing }) {
    const blocked = [plain, reusing].every((e) =>
      e.states.includes("TIME_WAIT") && e.without === "EADDRINUSE"
    );
    if (!blocked || reusing.with !== 0) return FAILS;
    if (plain.with === 0) return HOLDS;
    return depends("the old server too: it must have set SO_REUSEADDR as well");
  },
  seen: ({ plain, reusing }) =>
    `port in ${
      reusing.states.join(", ")
    }: bind() ${reusing.without} without, ` +
    `${reusing.with} with it; where the old server had not set it: ` +
    `${plain.without}, ${plain.with}`,
  why:
    "The server closed first, so TIME_WAIT is on its side and holds the port. " +
    "Linux lets a socket bind there if both have SO_REUSEADDR: the new one and " +
    "the one that the leftover comes from. So adding the option helps from the " +
    "second restart on, which is why people try it, see EADDRINUSE and decide " +
    "that it does not work.",
  sources: ["socket(7) SO_REUSEADDR", "ip(7)"],
};
