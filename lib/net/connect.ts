/**
 * Connecting: the part of a transfer in which nothing is sent yet.
 *
 * @module
 */

import { createConnection, type Socket } from "node:net";
import { MAX_DELAY_MS, onAbort } from "../base/abort.ts";
import { reasonOf, TransferError } from "../base/errors.ts";
import { checkTarget, formatTarget, type Target } from "./address.ts";
import type { Duplex } from "./duplex.ts";

/** Longest time to connect, in milliseconds, by default. A guess. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** Options of {@linkcode connect}. */
export interface ConnectOptions {
  /** Longest time to connect, in milliseconds. */
  connectTimeout: number;
  /** Gives up when aborted. */
  signal?: AbortSignal | undefined;
}

/**
 * Connects. The runtime tries all addresses of a name (RFC 8305).
 *
 * On abort: rejects with the signal's reason; no connection is left behind.
 *
 * @param target Where to.
 * @param options How long to try.
 * @returns The connection, with Nagle's algorithm off: frames are put together
 * here, and a receipt must not wait for an acknowledgement (RFC 896).
 * @throws {TransferError} `connect`, and nothing was sent; `usage` for what can
 * be no address, and nothing was tried.
 */
export async function connect(
  target: Target,
  options: ConnectOptions,
): Promise<Duplex> {
  return await connectBy(openConn, target, options);
}

/**
 * Connects as {@linkcode connect} does, with a socket of Node's kind:
 * `node:tls` can make a TLS server of it.
 *
 * On abort: rejects with the signal's reason; no connection is left behind.
 *
 * @param target Where to.
 * @param options How long to try.
 * @returns The socket, with Nagle's algorithm off.
 * @throws {TransferError} As {@linkcode connect}.
 */
export async function connectSocket(
  target: Target,
  options: ConnectOptions,
): Promise<Socket> {
  return await connectBy(openSocket, target, options);
}

/** The checks, the timeout and the messages that both ways to open share. */
async function connectBy<T>(
  open: (target: Target, signal: AbortSignal) => Promise<T>,
  target: Target,
  { connectTimeout, signal }: ConnectOptions,
): Promise<T> {
  signal?.throwIfAborted(); // Deno.connect asks no signal on a Unix socket
  checkTarget(target);
  const timeout = AbortSignal.timeout(Math.min(connectTimeout, MAX_DELAY_MS));
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    return await open(target, either);
  } catch (cause) {
    signal?.throwIfAborted();
    if (!timeout.aborted) throw notConnected(target, cause);
    const slow = `nobody answered within ${connectTimeout / 1000} s`;
    throw notConnected(target, new Error(slow, { cause }));
  }
}

async function openConn(target: Target, signal: AbortSignal): Promise<Duplex> {
  if (target.transport === "unix") {
    return await Deno.connect({ transport: "unix", path: target.path });
  }
  const { hostname, port } = target;
  const conn = await Deno.connect({ hostname, port, signal });
  conn.setNoDelay();
  return conn;
}

async function openSocket(
  target: Target,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = createConnection({
    ...(target.transport === "unix"
      ? { path: target.path }
      : { host: target.hostname, port: target.port, noDelay: true }),
    allowHalfOpen: true,
  });
  using _ = onAbort(signal, () => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(signal.reason));
    });
    signal.throwIfAborted();
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/**
 * Says why there is no connection.
 *
 * @param target Where to.
 * @param cause What the runtime threw.
 * @returns `connect`: nothing was sent.
 */
export function notConnected(target: Target, cause: unknown): TransferError {
  return new TransferError(
    "connect",
    { doing: `connect to ${formatTarget(target)}`, found: meaning(cause) },
    // A permission that is missing will be missing the next time too.
    { cause, retriable: !(cause instanceof Deno.errors.NotCapable) },
  );
}

function meaning(error: unknown): string {
  const { code } = error as { code?: string };
  if (
    error instanceof Deno.errors.ConnectionRefused || code === "ECONNREFUSED"
  ) {
    return "nobody listens there (connection refused)";
  }
  if (error instanceof Deno.errors.NotFound || code === "ENOENT") {
    return "there is no such socket";
  }
  const reason = reasonOf(error);
  return code === "ENOTFOUND" || UNKNOWN_HOST.test(reason)
    ? "there is no such host"
    : reason;
}

// Of the resolvers of glibc, musl, macOS and Windows, as the runtime quotes
// them.
const UNKNOWN_HOST =
  /^failed to lookup .*(not known|No address associated|does not resolve|No such host)/;
