/**
 * Being reachable: where to listen, by whom, and who it is that came.
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
      `Cannot listen on ${formatTarget(target)}: ${meaning(target, cause)}`,
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

/**
 * Refuses to listen where others could send without having shown anything.
 *
 * @param options Where to listen, and whether `insecure` was said.
 * @param secured Whether whoever comes must show a key or a token.
 * @throws {TransferError} `usage`, with the two ways on.
 */
export function mustBeLocal(options: ListenOptions, secured: boolean): void {
  const target = targetIn(options);
  if (secured || options.insecure || isLocal(target)) return;
  throw new TransferError(
    "usage",
    `Cannot listen on ${formatTarget(target)} without a key: whoever ` +
      "reaches it could write here; `key` or `insecure: true` would do",
  );
}

/** Who came. */
export interface Visitor {
  /** The whole address, as people type it. */
  peer: string;
  /** The part of it that a single machine cannot change at will. */
  host: string;
}

/**
 * Looks at who came, and turns Nagle's algorithm off where there is one.
 *
 * @param conn The accepted connection.
 * @returns Who it is.
 */
export function peerOf(conn: Deno.Conn): Visitor {
  const { remoteAddr } = conn;
  if (remoteAddr.transport !== "tcp") return LOCAL;
  (conn as Deno.TcpConn).setNoDelay();
  return {
    peer: formatTarget(targetOf(remoteAddr)),
    host: remoteAddr.hostname,
  };
}

/** A Unix socket's other end has no name. */
const LOCAL: Visitor = { peer: "a local process", host: "" };
