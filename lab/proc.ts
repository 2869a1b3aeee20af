/**
 * What the kernel says about itself: clock, TCP states, sysctls.
 *
 * Deno lets only `--allow-all` read below /proc, so these files are read
 * through the C library like everything else in the lab.
 *
 * @module
 */

import { call } from "./libc.ts";
import { type TcpState, tcpStateName } from "./linux.ts";
import { payload } from "./structs.ts";

/** One side of a TCP connection as /proc/net/tcp lists it, proc_net(5). */
export interface TcpRow {
  /** This side's port. */
  port: number;
  /** The other side's port, 0 for a listener. */
  peer: number;
  state: TcpState;
  /** Bytes written here and not yet acknowledged by the peer. */
  unsent: number;
  /** Bytes that came and that no program has read. */
  unread: number;
}

/** Both sides of a connection as the kernel lists them; `null` when gone. */
export interface States {
  client: TcpRow | null;
  server: TcpRow | null;
}

/** Seconds and fractions since 1970, on the clock that tcpdump stamps with. */
export function now(): number {
  const CLOCK_REALTIME = 0;
  const time = new BigInt64Array(2);
  call((c) => c.clock_gettime(CLOCK_REALTIME, time));
  return Number(time[0]) * 1000 + Number(time[1]) / 1e6;
}

/**
 * Reads a small file of the kernel's.
 *
 * @param path Below /proc.
 * @returns Its text, or `null` when it cannot be opened.
 */
export function readKernelFile(path: string): string | null {
  const O_RDONLY_CLOEXEC = 0o2000000;
  const name = payload(`${path}\0`);
  const { value: fd } = call((c) => c.open(name, O_RDONLY_CLOEXEC));
  if (fd === -1) return null;
  let text = "";
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const { value } = call((c) => c.read(fd, buffer, BigInt(buffer.length)));
    if (value <= 0) break;
    text += new TextDecoder().decode(buffer.subarray(0, value));
  }
  call((c) => c.close(fd));
  return text;
}

/** Every IPv4 TCP socket of this network namespace. */
export function tcpTable(): TcpRow[] {
  return parseTcpTable(readKernelFile("/proc/self/net/tcp") ?? "");
}

/**
 * Reads the format of /proc/net/tcp.
 *
 * @param text The whole file.
 * @returns Its rows.
 */
export function parseTcpTable(text: string): TcpRow[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const [, local, remote, state, queues] = line.trim().split(/\s+/);
    if (!local || !remote || !state || !queues) return [];
    const [unsent, unread] = queues.split(":").map((n) => parseInt(n, 16));
    const name = tcpStateName(state);
    return [{
      port: parseInt(local.split(":")[1] ?? "0", 16),
      peer: parseInt(remote.split(":")[1] ?? "0", 16),
      state: name,
      unsent: withoutMark(unsent ?? 0, MARK_SENT.includes(name)),
      unread: withoutMark(unread ?? 0, MARK_CAME.includes(name)),
    }];
  });
}

const MARK_SENT: readonly TcpState[] = [
  "SYN_SENT",
  "FIN_WAIT1",
  "CLOSING",
  "LAST_ACK",
];
const MARK_CAME: readonly TcpState[] = ["CLOSE_WAIT", "LAST_ACK", "CLOSING"];

/** SYN and FIN have sequence numbers, so the kernel counts them as bytes. */
function withoutMark(queued: number, marked: boolean): number {
  return marked ? Math.max(0, queued - 1) : queued;
}

/**
 * Reads a setting of net.ipv4.
 *
 * @param name Its name below net.ipv4.
 * @returns Its value, or "unknown".
 */
export function sysctl(name: string): string {
  return readKernelFile(`/proc/sys/net/ipv4/${name}`)?.trim() ?? "unknown";
}

/**
 * Whether a thread of this process sits in a system call on a descriptor.
 *
 * @param thread The thread's id, of gettid(2).
 * @param fd The descriptor, the first argument of the call.
 * @returns True while it is blocked there; `null` if this kernel will not say.
 */
export function blockedOn(thread: number, fd: number): boolean | null {
  const line = readKernelFile(`/proc/self/task/${thread}/syscall`);
  if (line === null) return null;
  // "45 0x1a 0x7f… …": the number of the call, then its arguments.
  return Number(line.split(" ")[1]) === fd;
}

/** The effective user; 0 may capture packets. */
export function userId(): number {
  return call((c) => c.geteuid()).value;
}
