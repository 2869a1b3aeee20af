/**
 * Reaching the other side: the part of a transfer in which nothing is sent yet.
 *
 * @module
 */

import { createConnection, type Socket } from "node:net";
import { MAX_DELAY_MS, onAbort } from "../base/abort.ts";
import { reasonOf, TransferError } from "../base/errors.ts";
import { checkTarget, formatTarget, type Target } from "./address.ts";
import type { Duplex } from "./duplex.ts";

/** Longest time to connect, in milliseconds, where nothing else was asked. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** Options of {@linkcode connect}. */
export interface ConnectOptions {
  /** Longest time for the connection to come about, in milliseconds. */
  connectTimeout: number;
  /** Gives up when aborted. */
  signal?: AbortSignal | undefined;
}

/**
 * Connects. All addresses of a name are tried (RFC 8305), by the runtime.
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
  options.signal?.throwIfAborted(); // for a Unix socket nothing else asks it
  checkTarget(target);
  const timeout = AbortSignal.timeout(
    Math.min(options.connectTimeout, MAX_DELAY_MS),
  );
  const signal = options.signal
    ? AbortSignal.any([options.signal, timeout])
    : timeout;
  try {
    if (target.transport === "unix") {
      return await Deno.connect({ transport: "unix", path: target.path });
    }
    const { hostname, port } = target;
    const conn = await Deno.connect({ hostname, port, signal });
    conn.setNoDelay();
    return conn;
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw notConnected(
      target,
      timeout.aborted
        ? new Error(
          `nobody answered within ${options.connectTimeout / 1000} s`,
          { cause },
        )
        : cause,
    );
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

// Of the resolvers of glibc, musl, macOS and Windows, as the runtime quotes them.
const UNKNOWN_HOST =
  /^failed to lookup .*(not known|No address associated|does not resolve|No such host)/;

/** As {@linkcode connect}, with a socket that can take a server's part in TLS. */
export async function connectSocket(
  target: Target,
  { connectTimeout, signal }: ConnectOptions,
): Promise<Socket> {
  signal?.throwIfAborted();
  checkTarget(target);
  const socket = createConnection({
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
