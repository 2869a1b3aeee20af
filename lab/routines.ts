/**
 * What programs do with sockets that takes more than one call: write all,
 * read to the end, be busy, run out of descriptors.
 *
 * @module
 */

import {
  accept,
  call,
  close,
  dup,
  poll,
  recv,
  type Result,
  send,
} from "./libc.ts";
import { MSG, POLL, SIGNAL } from "./linux.ts";

const READ_BYTES = 64 * 1024;
const RLIMIT_NOFILE = 7;
const SIG_BLOCK = 0;
const SIG_SETMASK = 2;

/** Writes filler until all of it is taken or a call fails. */
export function sendAll(fd: number, count: number): Result {
  for (let sent = 0; sent < count;) {
    const result = send(fd, count - sent);
    if (result.value === -1) return { value: sent, errno: result.errno };
    sent += result.value;
  }
  return { value: count, errno: null };
}

/** Writes without waiting until the kernel takes no more: EAGAIN. */
export function sendUntilFull(fd: number, most: number): Result {
  let sent = 0;
  while (sent < most) {
    const result = send(fd, Math.min(READ_BYTES, most - sent), MSG.DONTWAIT);
    if (result.value === -1) return { value: sent, errno: result.errno };
    sent += result.value;
  }
  return { value: sent, errno: null };
}

/** Reads until `recv` returns 0 (errno null) or fails; counts the bytes. */
export function recvToEnd(fd: number): Result {
  for (let total = 0;;) {
    const { value, errno } = recv(fd, READ_BYTES);
    if (value <= 0) return { value: total, errno };
    total += value;
  }
}

/** `recv`, or -1 with EAGAIN after `ms` of silence. */
export function recvWithin(fd: number, room: number, ms: number): Result {
  const events = poll(fd, POLL.IN, ms);
  if (events.value <= 0) return { value: -1, errno: "EAGAIN" };
  return recv(fd, room, MSG.DONTWAIT);
}

/** Is busy with something else, as programs are. */
export function pause(ms: number): Result {
  return poll(-1, 0, ms);
}

/**
 * `send` with SIGPIPE blocked in this thread, so that the signal stays pending
 * and can be seen. Even an ignored signal is kept while blocked.
 */
export function sendSeeingSignal(
  fd: number,
  bytes: number,
  flags: number,
): Result & { sigpipe: boolean } {
  // sigset_t is a bit for each signal, the first bit for signal 1.
  const pipe = new Uint8Array(128);
  pipe[(SIGNAL.PIPE - 1) >> 3] = 1 << ((SIGNAL.PIPE - 1) & 7);
  const before = new Uint8Array(128);
  call((c) => c.pthread_sigmask(SIG_BLOCK, pipe, before));
  const result = send(fd, bytes, flags);
  // Takes the signal if it is there, and does not wait for it.
  const noTime = new Uint8Array(16);
  const taken = call((c) => c.sigtimedwait(pipe, null, noTime)).value;
  call((c) => c.pthread_sigmask(SIG_SETMASK, before, null));
  return { ...result, sigpipe: taken === SIGNAL.PIPE };
}

/**
 * Accepts until the process may open no more descriptors.
 *
 * RLIMIT_NOFILE is lowered for the length of this call only, and nothing of
 * what was accepted is closed: that is the caller's.
 *
 * @param listener Has clients waiting.
 * @param spare How many more descriptors the process may have.
 */
export function acceptUntilFull(
  listener: number,
  spare: number,
): Result & { accepted: number[] } {
  const limit = new BigUint64Array(2);
  call((c) => c.getrlimit(RLIMIT_NOFILE, limit));
  const before = limit[0] ?? 0n;
  // The limit is on the number of a descriptor, and the lowest free one is
  // what dup() finds; holes below are filled first.
  const next = dup(listener).value;
  close(next);
  limit[0] = BigInt(next + spare);
  call((c) => c.setrlimit(RLIMIT_NOFILE, limit));
  const accepted: number[] = [];
  try {
    for (;;) {
      const { value, errno } = accept(listener);
      if (value === -1) return { value: accepted.length, errno, accepted };
      accepted.push(value);
    }
  } finally {
    limit[0] = before;
    call((c) => c.setrlimit(RLIMIT_NOFILE, limit));
  }
}
