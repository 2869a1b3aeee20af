/**
 * Linux's numbers for what the lab names in words: errno values, options and
 * flags of the socket calls, TCP states. They are those of the generic ABI,
 * which x86_64 and aarch64 share (include/uapi/asm-generic).
 *
 * @module
 */

const ERRNO_NAMES = {
  1: "EPERM",
  2: "ENOENT",
  3: "ESRCH",
  4: "EINTR",
  9: "EBADF",
  10: "ECHILD",
  11: "EAGAIN", // EWOULDBLOCK is the same number here
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  22: "EINVAL",
  24: "EMFILE",
  32: "EPIPE",
  88: "ENOTSOCK",
  89: "EDESTADDRREQ",
  90: "EMSGSIZE",
  98: "EADDRINUSE",
  99: "EADDRNOTAVAIL",
  103: "ECONNABORTED",
  104: "ECONNRESET",
  105: "ENOBUFS",
  106: "EISCONN",
  107: "ENOTCONN",
  110: "ETIMEDOUT",
  111: "ECONNREFUSED",
  113: "EHOSTUNREACH",
  114: "EALREADY",
  115: "EINPROGRESS",
} as const;

/** The name of an errno value, `E<number>` for one the lab never expects. */
export type Errno =
  | (typeof ERRNO_NAMES)[keyof typeof ERRNO_NAMES]
  | `E${number}`;

/**
 * Names an errno value.
 *
 * @param value What the C library left in errno.
 * @returns Its name.
 */
export function errnoName(value: number): Errno {
  return (ERRNO_NAMES as Record<number, Errno>)[value] ?? `E${value}`;
}

/** Flags of send(2) and recv(2). */
export const MSG = {
  PEEK: 2,
  TRUNC: 32,
  DONTWAIT: 64,
  WAITALL: 256,
  NOSIGNAL: 16384,
} as const;

/** How shutdown(2) cuts a connection. */
export const SHUT = { RD: 0, WR: 1, RDWR: 2 } as const;

/** Options at SOL_SOCKET, socket(7), with the shape of their values. */
export const OPTIONS = {
  SO_REUSEADDR: { number: 2, shape: "int" },
  SO_ERROR: { number: 4, shape: "int" },
  SO_SNDBUF: { number: 7, shape: "int" },
  SO_RCVBUF: { number: 8, shape: "int" },
  SO_LINGER: { number: 13, shape: "linger" },
  SO_RCVTIMEO: { number: 20, shape: "timeval" },
  SO_SNDTIMEO: { number: 21, shape: "timeval" },
} as const;

/** The name of a socket option. */
export type Option = keyof typeof OPTIONS;

/** Events of poll(2). */
export const POLL = { IN: 1, OUT: 4, ERR: 8, HUP: 16 } as const;

/** Signals the lab sends or receives. */
export const SIGNAL = { KILL: 9, PIPE: 13 } as const;

const TCP_STATES = [
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
  "NEW_SYN_RECV",
] as const;

/** A state of RFC 9293 section 3.3.2 under the kernel's name for it. */
export type TcpState = (typeof TCP_STATES)[number];

/**
 * Names the state column of /proc/net/tcp (include/net/tcp_states.h).
 *
 * @param hex The column as it stands there.
 * @returns The name of the state.
 */
export function tcpStateName(hex: string): TcpState {
  return TCP_STATES[parseInt(hex, 16) - 1] ?? "CLOSE";
}
