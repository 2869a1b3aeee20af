/**
 * Reaching the other side: the part of a transfer in which nothing is sent yet.
 *
 * @module
 */

import { MAX_DELAY_MS } from "./deadline.ts";
import type { Duplex } from "./duplex.ts";
import { reasonOf, TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";

/** Where a receiver listens, in `Deno.connect`'s own words. */
export type Target =
  | { transport?: "tcp"; hostname: string; port: number }
  | { transport: "unix"; path: string };

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
 * Refuses what can be no address: trying it again would change nothing.
 *
 * @param target Where to.
 * @throws {TransferError} `usage` for a host that cannot be called that, and for
 * a port that is none.
 */
export function checkTarget(target: Target): void {
  if (target.transport === "unix") return;
  const { hostname, port } = target;
  const found = !canBeHost(hostname)
    ? "no host can be called that"
    : !Number.isInteger(port) || port < 0 || port > 65_535
    ? "a port is a whole number from 0 to 65535"
    : undefined;
  if (found === undefined) return;
  throw new TransferError(
    "usage",
    `Cannot connect to ${formatTarget(target)}: ${found}`,
  );
}

// What the runtime takes for a name; other letters are spelled in these, too
// ("xn--…", RFC 3492), and containers are called with underscores.
const NAME = /^[\w-]+(\.[\w-]+)*\.?$/;
// An IPv6 address, with its zone (RFC 4007), and in brackets as URLs have it.
const V6 = /^\[?([\da-f:.]+)(?:%[^\]]+)?\]?$/i;

function canBeHost(hostname: string): boolean {
  const [, address] = V6.exec(hostname) ?? [];
  return NAME.test(hostname) ||
    (address !== undefined && URL.canParse(`http://[${address}]`));
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
    `Cannot connect to ${formatTarget(target)}: ${meaning(cause)}`,
    // A permission that is missing will be missing the next time too.
    { cause, retriable: !(cause instanceof Deno.errors.NotCapable) },
  );
}

/**
 * Writes an address as people type it.
 *
 * @param target The address.
 * @returns `host:port`, `[v6]:port` or `unix:path`, escaped.
 */
export function formatTarget(target: Target): string {
  if (target.transport === "unix") return `unix:${bare(target.path)}`;
  const { hostname, port } = target;
  return hostname.includes(":")
    ? `[${bare(hostname)}]:${port}`
    : `${bare(hostname)}:${port}`;
}

function bare(text: string): string {
  return quote(text).slice(1, -1);
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
