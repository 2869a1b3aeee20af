/**
 * The few calls of the C library that the lab is about.
 *
 * Deno's own API cannot set SO_LINGER, shut down the reading side, leave
 * SO_REUSEADDR off, peek or duplicate a descriptor, so the experiments make the
 * calls themselves. Each returns what the call returned and, where that was
 * -1, the name of errno.
 *
 * errno belongs to a thread. A call declared `nonblocking: true` runs on some
 * thread of Deno's pool whose errno nobody can ask for afterwards, so every
 * call here is a plain synchronous one and errno is read on the thread that
 * made it, through a view of that thread's own variable and without any other
 * call in between. What may block is called in a worker, which is a thread of
 * its own: `program.ts` does that.
 *
 * @module
 */

import { LabError } from "./error.ts";
import { type Errno, errnoName, MSG, type Option, OPTIONS } from "./linux.ts";
import {
  address,
  AF_INET,
  integer,
  linger,
  messageHeader,
  MSG_FLAGS_OFFSET,
  payload,
  timeval,
} from "./structs.ts";
import { SYMBOLS } from "./symbols.ts";

/** What one call gave back. */
export interface Result {
  /** The return value of the call; -1 when it failed. */
  value: number;
  /** Why it failed, by name. */
  errno: Errno | null;
  /** The bytes that came, for the receiving calls. */
  data?: Uint8Array;
}

const SOL_SOCKET = 1;
/** Children started by the lab must not inherit its sockets by accident. */
const SOCK_CLOEXEC = 0o2000000;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
let opened: { c: Library; errno: Int32Array } | undefined;

/** Opens the library once per thread, at the first call. */
function libc(): { c: Library; errno: Int32Array } {
  if (opened) return opened;
  const c = openLibrary();
  const variable = c.__errno_location();
  if (variable === null) throw new LabError("Cannot find errno of this thread");
  // The address stays the same for the life of the thread, so errno can be
  // read without another call that might change it.
  const errno = new Int32Array(
    Deno.UnsafePointerView.getArrayBuffer(variable, 4),
  );
  return opened = { c, errno };
}

function openLibrary(): Library {
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch (error) {
    // Not granted is the caller's affair; not there is a system without glibc.
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new LabError("Cannot open libc.so.6: the lab needs glibc", {
      cause: error,
    });
  }
}

/**
 * Makes one call and reads errno straight after it.
 *
 * @param make Makes the call, and only that.
 * @returns What it returned.
 */
export function call(make: (c: Library) => number | bigint): Result {
  const { c, errno } = libc();
  const value = Number(make(c));
  const code = errno[0] ?? 0;
  return { value, errno: value === -1 ? errnoName(code) : null };
}

/** Opens a socket; `stream` is TCP, `datagram` UDP. */
export function socket(kind: "stream" | "datagram"): Result {
  const type = kind === "stream" ? 1 : 2;
  return call((c) => c.socket(AF_INET, type | SOCK_CLOEXEC, 0));
}

/** Binds to a port of 127.0.0.1; 0 lets the kernel choose. */
export function bind(fd: number, port: number): Result {
  return call((c) => c.bind(fd, address(port), 16));
}

/** Makes a socket a listening one. */
export function listen(fd: number, backlog: number): Result {
  return call((c) => c.listen(fd, backlog));
}

/** Connects to a port of 127.0.0.1. */
export function connect(fd: number, port: number): Result {
  return call((c) => c.connect(fd, address(port), 16));
}

/** Takes the next connection; the value is its descriptor. */
export function accept(fd: number): Result {
  return call((c) => c.accept4(fd, null, null, SOCK_CLOEXEC));
}

/** The port a socket is bound to, in `value`. */
export function localPort(fd: number): Result {
  const bytes = new Uint8Array(16);
  const size = new Uint32Array([16]);
  const result = call((c) => c.getsockname(fd, bytes, size));
  if (result.value === -1) return result;
  return { value: new DataView(bytes.buffer).getUint16(2), errno: null };
}

/** Sends text, or that many filler bytes. */
export function send(
  fd: number,
  what: string | number,
  flags: number = 0,
): Result {
  const bytes = payload(what);
  return call((c) => c.send(fd, bytes, BigInt(bytes.length), flags));
}

/** Sends to a port of 127.0.0.1, or with no address at all. */
export function sendto(
  fd: number,
  what: string | number,
  port: number | null,
): Result {
  const bytes = payload(what);
  const length = BigInt(bytes.length);
  return port === null
    ? call((c) => c.sendto(fd, bytes, length, 0, null, 0))
    : call((c) => c.sendto(fd, bytes, length, 0, address(port), 16));
}

/** Receives up to `room` bytes. */
export function recv(fd: number, room: number, flags: number = 0): Result {
  const bytes = new Uint8Array(room);
  const result = call((c) => c.recv(fd, bytes, BigInt(room), flags));
  // With MSG_TRUNC the value is the datagram's true size and may exceed room.
  result.data = bytes.slice(0, Math.min(Math.max(0, result.value), room));
  return result;
}

/** Gathers several texts into one message. */
export function sendmsg(
  fd: number,
  parts: readonly string[],
  port: number | null = null,
): Result {
  const name = port === null ? null : address(port);
  const message = messageHeader(parts.map((part) => payload(part)), name);
  return call((c) => c.sendmsg(fd, message.bytes, 0));
}

/** Scatters one message over buffers of the given sizes; see `parts`. */
export function recvmsg(
  fd: number,
  rooms: readonly number[],
): Result & { parts: string[]; truncated: boolean } {
  const buffers = rooms.map((room) => new Uint8Array(room));
  const message = messageHeader(buffers, null);
  const result = call((c) => c.recvmsg(fd, message.bytes, 0));
  let left = Math.max(0, result.value);
  const parts = buffers.map((buffer) => {
    const part = buffer.subarray(0, Math.min(left, buffer.length));
    left -= part.length;
    return new TextDecoder().decode(part);
  });
  const view = new DataView(message.bytes.buffer);
  const truncated = (view.getInt32(MSG_FLAGS_OFFSET, true) & MSG.TRUNC) !== 0;
  return { ...result, parts, truncated };
}

/** Cuts the reading side (0), the writing side (1) or both (2). */
export function shutdown(fd: number, how: number): Result {
  return call((c) => c.shutdown(fd, how));
}

/** Gives a descriptor back. */
export function close(fd: number): Result {
  return call((c) => c.close(fd));
}

/** A second descriptor of the same socket, closed on exec like the first. */
export function dup(fd: number): Result {
  const F_DUPFD_CLOEXEC = 1030; // dup(2) itself would drop the flag
  return call((c) => c.fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

/** How many descriptors below `limit` are open in this process. */
export function countDescriptors(limit: number = 4096): Result {
  const F_GETFD = 1;
  let value = 0;
  for (let fd = 0; fd < limit; fd++) {
    if (call((c) => c.fcntl(fd, F_GETFD, 0)).value !== -1) value++;
  }
  return { value, errno: null };
}

/**
 * Sets a SOL_SOCKET option. For SO_LINGER the value is the seconds and turns
 * it on; for the timeouts it is milliseconds.
 */
export function setsockopt(fd: number, option: Option, value: number): Result {
  const { number, shape } = OPTIONS[option];
  const bytes = shape === "linger"
    ? linger(value)
    : shape === "timeval"
    ? timeval(value)
    : integer(value);
  return call((c) => c.setsockopt(fd, SOL_SOCKET, number, bytes, bytes.length));
}

/** Reads an integer SOL_SOCKET option into `value`. */
export function getsockopt(fd: number, option: Option): Result {
  const buffer = new Int32Array(4);
  const size = new Uint32Array([16]);
  const { number } = OPTIONS[option];
  const result = call((c) =>
    c.getsockopt(fd, SOL_SOCKET, number, buffer, size)
  );
  return result.value === -1 ? result : { value: buffer[0] ?? 0, errno: null };
}

/** Waits for events on one descriptor, or just waits with fd -1. */
export function poll(fd: number, events: number, ms: number): Result {
  const entry = new Int32Array([fd, events]); // events in the low half
  const result = call((c) => c.poll(entry, 1n, ms));
  if (result.value <= 0) return result;
  return { value: (entry[1] ?? 0) >>> 16, errno: null };
}
