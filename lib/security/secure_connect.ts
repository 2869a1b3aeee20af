/**
 * Reaching the other side, and making the way safe before a word is said.
 *
 * @module
 */

import { connect as connectSocket, type Socket } from "node:net";
import type { Secured } from "./exchange_proofs.ts";
import { hangUp } from "../net/half_close.ts";
import {
  checkTarget,
  connect,
  type ConnectOptions,
  notConnected,
  type Target,
} from "../net/connect.ts";
import { MAX_DELAY_MS, onAbort, withDeadline } from "../net/deadline.ts";
import { TransferError } from "../base/errors.ts";
import type { SenderGuard } from "./mod.ts";
import { SocketConn } from "../net/node_socket.ts";

/**
 * Longest time for the two sides to agree on a key, in milliseconds, and then
 * again for both to prove it, whatever the peer says meanwhile. A guess: several
 * lost packets on a slow link.
 */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** How long a failed agreement may take to end. */
const FAREWELL = { silence: 1_000, total: 2_000 };

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
 * who it should be, `usage` for what can be no address.
 */
export async function reach(
  target: Target,
  options: ConnectOptions,
  guard: SenderGuard | undefined,
): Promise<Secured> {
  if (!guard) return await connect(target, options);
  const { signal } = options;
  const conn = new SocketConn(await socketTo(target, options));
  try {
    const host = target.transport === "unix" ? undefined : target.hostname;
    return await withDeadline(
      conn,
      HANDSHAKE_TIMEOUT_MS,
      "agree with the receiver",
      () => guard.handshake(conn, host),
      { signal },
    );
  } catch (error) {
    if (!signal?.aborted) await leave(conn, signal);
    throw error;
  }
}

/** Ends in stages what came to nothing. */
async function leave(conn: SocketConn, signal?: AbortSignal): Promise<void> {
  try {
    await hangUp(conn, { ...FAREWELL, signal });
  } catch (error) {
    signal?.throwIfAborted();
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
  checkTarget(target);
  const socket = connectSocket({
    ...(target.transport === "unix"
      ? { path: target.path }
      : { host: target.hostname, port: target.port, noDelay: true }),
    allowHalfOpen: true,
  });
  const abort = () => socket.destroy(signal!.reason);
  using _ = onAbort(signal, abort);
  const slow = new Error(`nobody answered within ${connectTimeout / 1000} s`);
  const timer = setTimeout(
    () => socket.destroy(slow),
    Math.min(connectTimeout, MAX_DELAY_MS),
  );
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
  }
}
