/**
 * Peers that die: what a crash looks like from the other end. Claims 16, 36.
 *
 * The kernel closes the sockets of a dead process exactly as close() would, so
 * the other end sees a FIN or an RST and no more.
 *
 * @module
 */

import { sh, type ShellLine } from "../tests/support/commands.ts";
import type { Bench } from "./bench.ts";
import { type Experiment, holdsIf } from "./experiment.ts";
import { type Errno, SHUT } from "./linux.ts";
import { Child, endingText } from "./process.ts";

/** What a sender was told about a peer, and how that peer really ended. */
interface Peer {
  /** "killed by signal 9", "exit 0". */
  ending: string;
  /** What it reported to have read; empty when it never came to that. */
  reported: string;
  /** What the sender's recv() returned at last. */
  recv: number | Errno;
}

/** A shell counts its input; then it reports the count, fails, or dies. */
const COUNTING = {
  reports: sh`n=$(wc -c); echo "$n"`,
  fails: sh`n=$(wc -c); exit 3`,
  dies: sh`n=$(wc -c); kill -9 $$`,
} as const;

/** Half-closes against a shell that has the other end as standard input. */
export async function halfCloseAgainst(
  bench: Bench,
  script: ShellLine,
  bytes: number,
  label?: string,
): Promise<Peer> {
  const pair = await bench.pair(label ? { label } : {});
  using child = new Child(pair.server, script);
  // From here on the child alone holds the server's end.
  await bench.server.call("close", pair.server);
  const [, , end] = await bench.client.run([
    ["sendAll", pair.client, bytes],
    ["shutdown", pair.client, SHUT.WR],
    ["recv", pair.client, 64],
    ["close", pair.client],
  ]);
  const { ending, printed } = await child.ended();
  return {
    ending: endingText(ending),
    reported: printed.trim(),
    recv: end?.errno ?? end?.value ?? "EBADF",
  };
}

/** A peer that read everything and died before it did anything with it. */
export const CRASHING_PEER: ShellLine = COUNTING.dies;

/** Claim 16: what read() == 0 proves. */
export const endProvesNothing: Experiment<
  { sent: number; reports: Peer; fails: Peer; dies: Peer }
> = {
  number: 16,
  claim:
    "even read() == 0 does not prove that the peer's program used the bytes",
  async run(bench) {
    const sent = 100_000;
    const against = (kind: keyof typeof COUNTING) =>
      halfCloseAgainst(bench, COUNTING[kind], sent, `a peer that ${kind}`);
    return {
      sent,
      reports: await against("reports"),
      fails: await against("fails"),
      dies: await against("dies"),
    };
  },
  verdict: (e) =>
    holdsIf(
      e.reports.recv === 0 && e.fails.recv === 0 && e.dies.recv === 0 &&
        e.reports.reported === `${e.sent}` && e.dies.reported === "",
    ),
  seen: (e) =>
    [e.reports, e.fails, e.dies].map((peer) =>
      `${peer.ending}, reported ${peer.reported || "nothing"}: recv() = ` +
      `${peer.recv}`
    ).join("; "),
  why: "A process that ends, in whichever way, has its sockets closed by the " +
    "kernel. If it had read everything, that is a FIN, and recv() returns 0 as " +
    "it does for a program that did its work. TCP can say that bytes were read; " +
    "that they were used, only the peer's program can say, in bytes of its own.",
  sources: ["_exit(2)", "RFC 9293 section 3.6", "RFC 1122 section 4.2.2.13"],
};

/** Claim 36: FIN or RST from a dead process. */
export const deadProcess: Experiment<
  { readAll: Peer; unread: Peer; orderly: Peer }
> = {
  number: 36,
  claim:
    "a process that dies sends FIN if it had read all, RST if not; a FIN is " +
    "no proof of success",
  async run(bench) {
    const killed = async (label: string, before: ShellLine): Promise<Peer> => {
      const pair = await bench.pair({ label });
      const script = sh`${before}; echo ready; exec sleep 30`;
      using child = new Child(pair.server, script);
      await bench.server.call("close", pair.server);
      await bench.client.call("send", pair.client, "hello");
      await child.line(); // now it is where it should be when it dies
      child.kill();
      const { ending } = await child.ended();
      const end = await bench.client.call("recv", pair.client, 64);
      return {
        ending: endingText(ending),
        reported: "",
        recv: end.errno ?? end.value,
      };
    };
    return {
      readAll: await killed("killed, all read", sh`head -c 5 >/dev/null`),
      unread: await killed("killed, bytes unread", sh`:`),
      orderly: await halfCloseAgainst(bench, COUNTING.reports, 5, "orderly"),
    };
  },
  verdict: (e) =>
    holdsIf(
      e.readAll.recv === 0 && e.unread.recv === "ECONNRESET" &&
        e.orderly.recv === e.readAll.recv,
    ),
  seen: (e) =>
    `${e.readAll.ending}: recv() = ${e.readAll.recv} if all was read, ` +
    `${e.unread.recv} if not; ${e.orderly.ending}: ${e.orderly.recv}`,
  why:
    "exit() and SIGKILL end in the same code that closes every descriptor. So " +
    "the rule of claim 11 applies: FIN with an empty input buffer, RST with " +
    "unread bytes. The FIN of a crash and the FIN of success are the same " +
    "packet.",
  sources: ["_exit(2)", "RFC 2525 section 2.17", "POSIX _exit()"],
  fixedBy: "POSIX _exit() and RFC 1122 section 4.2.2.13",
};
