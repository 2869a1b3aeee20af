/**
 * Listening: where, for whom, and the address of a peer.
 *
 * @module
 */

import { reasonOf, TransferError } from "../base/errors.ts";
import { formatTarget, isLocal, type Target, targetOf } from "./address.ts";

/** Where to listen. */
export interface ListenOptions {
  /** The address to listen on. @default {"127.0.0.1"} */
  hostname?: string;
  /** The port; 0 for any that is free. @default {0} */
  port?: number;
  /** A Unix socket to listen on instead. */
  path?: string;
  /**
   * Listens without a key or a certificate even where others reach it: whoever
   * does may send. @default {false}
   */
  insecure?: boolean;
}

/** Connections the kernel may hold for us, as far as it allows that many. */
const BACKLOG = 4_096;

/**
 * Listens.
 *
 * @param options Where.
 * @returns The listener.
 * @throws {TransferError} `bind` when that is not possible.
 */
export function listen(options: ListenOptions): Deno.Listener {
  const target = targetIn(options);
  try {
    return target.transport === "unix"
      ? Deno.listen({ transport: "unix", path: target.path })
      : Deno.listen({ ...target, transport: "tcp", tcpBacklog: BACKLOG });
  } catch (cause) {
    throw new TransferError(
      "bind",
      {
        doing: `listen on ${formatTarget(target)}`,
        found: meaning(target, cause),
      },
      { cause },
    );
  }
}

function targetIn(
  { hostname = "127.0.0.1", port = 0, path }: ListenOptions,
): Target {
  return path === undefined ? { hostname, port } : { transport: "unix", path };
}

function meaning({ transport }: Target, error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return transport === "unix"
      ? "that path exists; if nothing listens there, remove it"
      : "another program listens there already";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address";
  }
  return reasonOf(error);
}

/** Who may send to a listener. */
export interface Access {
  /** Whether a peer must prove a key or a token. */
  secured: boolean;
  /** Whether anybody who reaches the address may send. @default {false} */
  insecure?: boolean | undefined;
}

/**
 * Decides whether a listener would be open to other machines by default, which
 * is refused: nobody has said that it may be.
 *
 * @param target Where to listen.
 * @param access Who may send to it.
 * @returns Whether peers of other machines could send without authentication,
 * and `insecure` was not said.
 */
export function isExposed(
  target: Target,
  { secured, insecure = false }: Access,
): boolean {
  return !secured && !insecure && !isLocal(target);
}

/**
 * Refuses to listen where {@linkcode isExposed} says so.
 *
 * @param options Where to listen, and whether `insecure` was said.
 * @param secured Whether a peer must prove a key or a token.
 * @throws {TransferError} `usage`, with the two ways on.
 */
export function mustBeLocal(options: ListenOptions, secured: boolean): void {
  const target = targetIn(options);
  if (!isExposed(target, { secured, insecure: options.insecure })) return;
  throw new TransferError(
    "usage",
    {
      doing: `listen on ${formatTarget(target)} without a key`,
      found: "whoever reaches it could write here; `key` or `insecure: " +
        "true` would do",
    },
  );
}

/** The other end of an accepted connection. */
export interface Peer {
  /** Its whole address, as people type it. */
  address: string;
  /** Its host alone: a peer can choose another port, not another host. */
  host: string;
}

/**
 * Reads the peer's address, and turns Nagle's algorithm off on TCP.
 *
 * @param conn The accepted connection.
 * @returns The peer.
 */
export function peerOf(conn: Deno.Conn): Peer {
  const { remoteAddr } = conn;
  if (remoteAddr.transport !== "tcp") return LOCAL;
  (conn as Deno.TcpConn).setNoDelay();
  return {
    address: formatTarget(targetOf(remoteAddr)),
    host: remoteAddr.hostname,
  };
}

/** The peer of a Unix socket has no address. */
const LOCAL: Peer = { address: "a local process", host: "" };
