/**
 * Reaching the other side, and making the way safe before a word is said.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import type { Target } from "../net/address.ts";
import { connect, type ConnectOptions, connectSocket } from "../net/connect.ts";
import { HANDSHAKE_TIMEOUT_MS, withDeadline } from "../net/deadline.ts";
import { hangUp } from "../net/half_close.ts";
import { NodeSocketConn } from "../net/node_socket.ts";
import type { SenderGuard } from "./mod.ts";
import type { SecuredConn } from "./secured_conn.ts";

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
export async function secureConnect(
  target: Target,
  options: ConnectOptions,
  guard: SenderGuard | undefined,
): Promise<SecuredConn> {
  if (!guard) return { conn: await connect(target, options) };
  const { signal } = options;
  const conn = new NodeSocketConn(await connectSocket(target, options));
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
async function leave(
  conn: NodeSocketConn,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await hangUp(conn, { ...FAREWELL, signal });
  } catch (error) {
    signal?.throwIfAborted();
    // A courtesy: why it came to nothing is known already.
    if (!(error instanceof TransferError)) throw error;
  }
}
