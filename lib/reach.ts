/**
 * Reaching the other side, and making the way safe before a word is said.
 *
 * @module
 */

import { connect as connectSocket, type Socket } from "node:net";
import type { Secured } from "./channel.ts";
import { hangUp } from "./conn.ts";
import {
  connect,
  type ConnectOptions,
  notConnected,
  type Target,
} from "./connect.ts";
import { withDeadline } from "./deadline.ts";
import { TransferError } from "./errors.ts";
import type { SenderGuard } from "./security.ts";
import { SocketConn } from "./socket.ts";

/**
 * Longest time for the two sides to agree on a key, in milliseconds, whatever
 * the peer says meanwhile. A guess: several lost packets on a slow link.
 */
const AGREEMENT_MS = 10_000;

/** How long a failed agreement may take to end. */
const ENDING = { silence: 1_000, total: 2_000 };

/**
 * Connects, and agrees with the receiver where there is a secret.
 *
 * On abort: rejects with the signal's reason; no connection is left behind.
 *
 * @param target Where to.
 * @param options How long to try.
 * @param guard How it is to be kept safe, if at all.
 * @returns The connection to talk on.
 * @throws {TransferError} `connect` when nobody is there, `auth` when it is not
 * who it should be.
 */
export async function reach(
  target: Target,
  options: ConnectOptions,
  guard: SenderGuard | undefined,
): Promise<Secured> {
  if (!guard) return await connect(target, options);
  const { signal } = options;
  const conn = new SocketConn(await socketTo(target, options));
  const close = () => conn.close();
  signal?.addEventListener("abort", close);
  try {
    const host = target.transport === "unix" ? undefined : target.hostname;
    return await withDeadline(
      conn,
      AGREEMENT_MS,
      "agree with the receiver",
      () => guard.enter(conn, host),
    );
  } catch (error) {
    signal?.throwIfAborted();
    await leave(conn);
    throw error;
  } finally {
    signal?.removeEventListener("abort", close);
  }
}

/** Ends in stages what came to nothing. */
async function leave(conn: SocketConn): Promise<void> {
  try {
    await hangUp(conn, ENDING);
  } catch (error) {
    // A courtesy: why it came to nothing is known already.
    if (!(error instanceof TransferError)) throw error;
  }
}

/** As {@linkcode connect}, with a socket that can take a server's part in TLS. */
async function socketTo(
  target: Target,
  { connectTimeout, signal }: ConnectOptions,
): Promise<Socket> {
  signal?.throwIfAborted();
  const socket = connectSocket({
    ...(target.transport === "unix"
      ? { path: target.path }
      : { host: target.hostname, port: target.port, noDelay: true }),
    allowHalfOpen: true,
  });
  const abort = () => socket.destroy(signal!.reason);
  signal?.addEventListener("abort", abort);
  const slow = new Error(`nobody answered within ${connectTimeout / 1000} s`);
  const timer = setTimeout(() => socket.destroy(slow), connectTimeout);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(slow));
    });
    signal?.throwIfAborted();
    return socket;
  } catch (cause) {
    socket.destroy();
    signal?.throwIfAborted();
    throw notConnected(target, cause);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
