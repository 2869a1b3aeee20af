/**
 * Connecting, and the handshake that comes before the first frame.
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

/** How long closing may take after a handshake that failed. */
const FAILURE_BOUNDS = { silence: 1_000, total: 2_000 };

/**
 * Connects, and runs the handshake where there is a secret.
 *
 * On abort: rejects with the signal's reason; no connection is left behind.
 *
 * @param target Where to.
 * @param options How long to try.
 * @param guard The handshake, if there is one.
 * @returns The connection to talk on, and what is to be proven on it.
 * @throws {TransferError} `connect` when nobody is there, `usage` for what can
 * be no address, `stalled` after {@linkcode HANDSHAKE_TIMEOUT_MS}, and what the
 * handshake throws.
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

/** Closes in stages after a handshake that failed. */
async function leave(
  conn: NodeSocketConn,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await hangUp(conn, { ...FAILURE_BOUNDS, signal });
  } catch (error) {
    signal?.throwIfAborted();
    // A courtesy: why the handshake failed is known already.
    if (!(error instanceof TransferError)) throw error;
  }
}
