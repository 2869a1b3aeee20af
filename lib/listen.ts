/**
 * Being reachable: listening, and who it is that came.
 *
 * @module
 */

import { nameOf, type Target } from "./connect.ts";
import { reasonOf, TransferError } from "./errors.ts";

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
  const { hostname = "127.0.0.1", port = 0, path } = options;
  try {
    return path === undefined
      ? Deno.listen({ hostname, port, tcpBacklog: BACKLOG })
      : Deno.listen({ transport: "unix", path });
  } catch (cause) {
    const where = nameOf(
      path === undefined ? { hostname, port } : { transport: "unix", path },
    );
    const found = cause instanceof Deno.errors.AddrInUse
      ? path === undefined
        ? "another program listens there already"
        : "that path exists; if nothing listens there, remove it"
      : cause instanceof Deno.errors.AddrNotAvailable
      ? "this machine has no such address"
      : reasonOf(cause);
    throw new TransferError("bind", `Cannot listen on ${where}: ${found}`, {
      cause,
    });
  }
}

/**
 * Where a listener can be reached, as {@linkcode Target}.
 *
 * @param addr Its own address.
 * @returns The same in the words of connecting.
 */
export function targetOf(addr: Deno.Addr): Target {
  if (addr.transport === "tcp") {
    return { hostname: addr.hostname, port: addr.port };
  }
  if (addr.transport === "unix") return { transport: "unix", path: addr.path };
  throw new RangeError(`Cannot serve over ${addr.transport}`);
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
export function visitorOf(conn: Deno.Conn): Visitor {
  const { remoteAddr } = conn;
  if (remoteAddr.transport !== "tcp") return LOCAL;
  (conn as Deno.TcpConn).setNoDelay();
  return { peer: nameOf(targetOf(remoteAddr)), host: remoteAddr.hostname };
}

/** A Unix socket's other end has no name. */
const LOCAL: Visitor = { peer: "a local process", host: "" };
