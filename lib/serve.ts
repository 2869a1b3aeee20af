/**
 * A server: accepts, limits, and keeps each connection's faults to itself.
 *
 * @module
 */

import { nameOf, type Target } from "./connect.ts";
import type { Duplex } from "./conn.ts";
import { closeQuietly } from "./deadline.ts";
import { asTransferError, reasonOf, TransferError } from "./errors.ts";
import { Lobby, type Place } from "./lobby.ts";
import { isLocal } from "./local.ts";
import { type RawReport, receiveRaw } from "./raw.ts";
import type { Progress, Receipt } from "./receipt.ts";
import { type ReceiveOptions, welcome } from "./receive.ts";
import { pause } from "./retry.ts";
import { type ReceiverGuard, receiverGuard } from "./security.ts";
import type { Sink } from "./sink.ts";

/** Who a session is with. */
export interface SessionInfo {
  /** The sender's address, as people type it. */
  peer: string;
}

/** Options of {@linkcode serve}. */
export interface ServeOptions
  extends Omit<ReceiveOptions, "onReceipt" | "onProgress"> {
  /** Where the entries land. */
  sink: Sink;
  /** The address to listen on. @default {"127.0.0.1"} */
  hostname?: string;
  /** The port; 0 for any that is free. @default {0} */
  port?: number;
  /** A Unix socket to listen on instead. */
  path?: string;
  /** Takes plain streams until their end, as `nc -N` sends them. */
  raw?: boolean;
  /**
   * Listens without a key or a certificate even where others reach it: whoever
   * does may send. @default {false}
   */
  insecure?: boolean;
  /** Whether raw streams are digested. @default {false} */
  digest?: boolean;
  /** Sessions at a time; more are refused as busy. @default {256} */
  maxConnections?: number;
  /** Hears where the server listens. */
  onListen?: (addr: Target) => void;
  /** Hears of each session that begins. */
  onConnect?: (info: SessionInfo) => void;
  /** Hears how far each session is. */
  onProgress?: (progress: Progress, info: SessionInfo) => void;
  /** Hears of each session that ended well. */
  onClose?: (info: SessionInfo, report?: RawReport) => void;
  /**
   * Hears of each session that did not, and of connections that never were one:
   * then `stranger` is true.
   */
  onError?: (
    error: TransferError,
    info: SessionInfo & { stranger: boolean },
  ) => void;
}

/** A running server. */
export interface Server extends AsyncDisposable {
  /** Where it listens. */
  readonly addr: Target;
  /** Resolves when it has stopped and the last session has ended. */
  readonly finished: Promise<void>;
  /** Accepts nothing more and lets the sessions under way finish. */
  shutdown(): Promise<void>;
}

/** Connections the kernel may hold for us, as far as it allows that many. */
const BACKLOG = 4_096;

/** Pause after an accept that failed for want of descriptors. */
const ACCEPT_PAUSE_MS = 100;

/**
 * Serves transfers until it is stopped.
 *
 * On abort: `options.signal` stops accepting and ends every session.
 *
 * @param options Where to listen, where the entries land, bounds, callbacks.
 * @param handler Hears of each entry that was committed.
 * @returns The server, listening already.
 * @throws {TransferError} `bind` when it cannot listen, `usage` when others
 * could reach it and there is no key.
 *
 * @example Receive into a directory
 * ```ts
 * import { directorySink, send, serve } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const dir = await Deno.makeTempDir();
 * const names: string[] = [];
 * const server = serve({ sink: directorySink(dir) }, ({ name }) => {
 *   names.push(name);
 * });
 * await send(new Uint8Array(10), server.addr, { name: "ten" });
 * await server.shutdown();
 * assertEquals(names, ["ten"]);
 * assertEquals((await Deno.stat(`${dir}/ten`)).size, 10);
 * await Deno.remove(dir, { recursive: true });
 * ```
 */
export function serve(
  options: ServeOptions,
  handler?: (receipt: Receipt, info: SessionInfo) => void,
): Server {
  return new RunningServer(options, handler ?? (() => {}));
}

class RunningServer implements Server {
  readonly addr: Target;
  readonly finished: Promise<void>;
  readonly #options: ServeOptions;
  readonly #handler: (receipt: Receipt, info: SessionInfo) => void;
  readonly #lobby = new Lobby();
  readonly #guard: ReceiverGuard | undefined;
  readonly #listener: Deno.Listener;
  readonly #connections = new Set<Promise<void>>();
  #sessions = 0;
  #stopped = false;

  constructor(
    options: ServeOptions,
    handler: (receipt: Receipt, info: SessionInfo) => void,
  ) {
    this.#options = options;
    this.#handler = handler;
    this.#guard = receiverGuard(options);
    this.#listener = listen(options, this.#guard);
    this.addr = targetOf(this.#listener.addr);
    const stop = () => this.#stop();
    options.signal?.addEventListener("abort", stop);
    if (options.signal?.aborted) stop();
    options.onListen?.(this.addr);
    this.finished = this.#acceptAll().finally(() =>
      options.signal?.removeEventListener("abort", stop)
    );
  }

  async shutdown(): Promise<void> {
    this.#stop();
    await this.finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#listener.close();
  }

  async #acceptAll(): Promise<void> {
    while (!this.#stopped) {
      try {
        this.#take(await this.#listener.accept());
      } catch (error) {
        if (this.#stopped) break;
        // Out of descriptors, most likely: sessions that end give some back.
        this.#report(
          new TransferError(
            "local-io",
            `Cannot accept a connection: ${reasonOf(error)}`,
            { cause: error },
          ),
          { peer: nameOf(this.addr), stranger: true },
        );
        await pause(ACCEPT_PAUSE_MS);
      }
    }
    await Promise.all(this.#connections);
  }

  #take(conn: Deno.Conn): void {
    let current: Duplex = conn; // TLS takes another one's place
    const place = this.#lobby.enter(
      isTcp(conn) ? conn.remoteAddr.hostname : "",
      () => closeQuietly(current),
    );
    if (!place) return closeQuietly(conn);
    if (isTcp(conn)) conn.setNoDelay();
    const now = (tls: Duplex) => current = tls;
    const done = this.#handle(conn, place, now).finally(() => {
      place.leave();
      this.#connections.delete(done);
    });
    this.#connections.add(done);
  }

  async #handle(
    conn: Deno.Conn,
    place: Place,
    now: (conn: Duplex) => void,
  ): Promise<void> {
    const peer = peerOf(conn);
    let stranger = true;
    const begin = () => {
      stranger = false;
      place.leave();
      this.#sessions++;
      this.#options.onConnect?.({ peer });
    };
    try {
      const report = this.#options.raw
        ? await this.#raw(conn, peer, begin)
        : await this.#verified(conn, peer, begin, now);
      this.#options.onClose?.({ peer }, report);
    } catch (error) {
      const failure = asTransferError(error, "internal", "serve a session");
      if (!this.#options.signal?.aborted) {
        this.#report(failure, { peer, stranger });
      }
    } finally {
      if (!stranger) this.#sessions--;
    }
  }

  async #raw(
    conn: Deno.Conn,
    peer: string,
    begin: () => void,
  ): Promise<RawReport> {
    const busy = this.#busy();
    if (busy) {
      closeQuietly(conn); // there is no way to tell a plain sender why
      throw busy;
    }
    begin();
    return await receiveRaw(conn, this.#options.sink, {
      ...this.#options,
      onProgress: (progress) => this.#options.onProgress?.(progress, { peer }),
    });
  }

  async #verified(
    conn: Deno.Conn,
    peer: string,
    begin: () => void,
    now: (conn: Duplex) => void,
  ): Promise<undefined> {
    const session = await welcome(
      conn,
      {
        ...this.#options,
        onReceipt: (receipt) => this.#handler(receipt, { peer }),
        onProgress: (progress) =>
          this.#options.onProgress?.(progress, { peer }),
      },
      this.#guard,
      now,
    );
    const busy = this.#busy();
    if (busy) {
      await session.refuse(busy);
      throw busy;
    }
    begin();
    await session.run(this.#options.sink);
  }

  #busy(): TransferError | undefined {
    const limit = this.#options.maxConnections ?? 256;
    if (this.#sessions < limit) return undefined;
    return new TransferError(
      "rejected",
      `Cannot take a session: the receiver is busy with ${limit} others`,
      { retriable: true },
    );
  }

  #report(
    error: TransferError,
    info: SessionInfo & { stranger: boolean },
  ): void {
    this.#options.onError?.(error, info);
  }
}

function listen(
  options: ServeOptions,
  guard: ReceiverGuard | undefined,
): Deno.Listener {
  const { hostname = "127.0.0.1", port = 0, path } = options;
  const within = path === undefined && !isLocal({ hostname, port });
  if (within && !options.insecure && (!guard || options.raw)) {
    throw new TransferError(
      "usage",
      `Cannot listen on ${nameOf({ hostname, port })} without a key: whoever ` +
        "reaches it could write here; `key` or `insecure: true` would do",
    );
  }
  try {
    return path === undefined
      ? Deno.listen({ hostname, port, tcpBacklog: BACKLOG })
      : Deno.listen({ transport: "unix", path });
  } catch (cause) {
    const where = nameOf(
      path === undefined ? { hostname, port } : { transport: "unix", path },
    );
    const found = cause instanceof Deno.errors.AddrInUse
      ? "another program listens there already"
      : cause instanceof Deno.errors.AddrNotAvailable
      ? "this machine has no such address"
      : reasonOf(cause);
    throw new TransferError("bind", `Cannot listen on ${where}: ${found}`, {
      cause,
    });
  }
}

function targetOf(addr: Deno.Addr): Target {
  if (addr.transport === "tcp") {
    return { hostname: addr.hostname, port: addr.port };
  }
  if (addr.transport === "unix") return { transport: "unix", path: addr.path };
  throw new RangeError(`Cannot serve over ${addr.transport}`);
}

function peerOf(conn: Deno.Conn): string {
  const { remoteAddr } = conn;
  return remoteAddr.transport === "tcp"
    ? nameOf(targetOf(remoteAddr))
    : "a local process";
}

function isTcp(conn: Deno.Conn): conn is Deno.TcpConn {
  return conn.remoteAddr.transport === "tcp";
}
