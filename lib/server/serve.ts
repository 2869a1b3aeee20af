/**
 * A server: accepts, limits, and keeps each connection's faults to itself.
 *
 * @module
 */

import { MAX_DELAY_MS } from "../base/abort.ts";
import {
  asTransferError,
  isOutOfDescriptors,
  reasonOf,
  TransferError,
} from "../base/errors.ts";
import { pause } from "../base/retry.ts";
import { TaskGroup } from "../base/task_group.ts";
import { mustBePositive, mustNotBeNegative } from "../base/validate.ts";
import { formatTarget, type Target, targetOf } from "../net/address.ts";
import {
  listen,
  type ListenOptions,
  mustBeLocal,
  peerOf,
} from "../net/listen.ts";
import type { RawReport } from "../raw/report.ts";
import { receiverGuard } from "../security/mod.ts";
import { Admission } from "./admission.ts";
import { Door } from "./door.ts";
import {
  ConnectionHandler,
  type Handler,
  type SessionInfo,
  type VisitOptions,
} from "./handle_connection.ts";
import { UnauthenticatedConns } from "./unauthenticated.ts";

/** Options of {@linkcode serve}. */
export interface ServeOptions extends ListenOptions, VisitOptions {
  /**
   * Sessions at a time; more are refused as busy.
   * @default {4096}
   */
  maxConnections?: number;
  /** Hears where the server listens. */
  onListen?: (addr: Target) => void;
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

/** Options of a server's `shutdown()`. */
export interface ShutdownOptions {
  /**
   * Longest time for sessions to finish, in milliseconds; with 0 they are cut
   * at once. @default {Infinity}
   */
  grace?: number;
}

/** A running server. */
export interface Server extends AsyncDisposable {
  /** Where it listens. */
  readonly addr: Target;
  /**
   * Resolves when it has stopped and the last session has ended. Rejects then
   * with what `onError` threw, if it ever did.
   */
  readonly finished: Promise<void>;
  /**
   * Takes no new session, lets those under way finish, and stops. Senders that
   * come meanwhile are told to come again later. It may be called again, with
   * less grace.
   *
   * On abort: the server's `signal` ends the sessions, and this resolves.
   *
   * @param options How long sessions may take to finish; then they are cut, and
   * their senders told.
   * @throws {TransferError} `usage` for a `grace` that is negative or no number;
   * the server goes on.
   */
  shutdown(options?: ShutdownOptions): Promise<void>;
}

/** Strangers at a time, where they have a key to show: guessing takes its time. */
const GUARDED = { ofOne: 256, inAll: 1_024 };

/** How long strangers have, once the last session has ended, in milliseconds. */
const STRANGERS_MS = 2_000;

/** Pause after an accept that failed for want of descriptors. */
const ACCEPT_PAUSE_MS = 100;

/**
 * Serves transfers until it is stopped.
 *
 * On abort: `options.signal` stops accepting and ends every session.
 *
 * @param options Where to listen, where the entries land, bounds, callbacks.
 * @param handler Hears of each entry that was committed. A
 * promise is waited for before its session ends; what it throws or rejects with
 * is for `onError`. Raw streams are for `onClose` alone.
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
  handler?: Handler,
): Server {
  return new RunningServer(options, handler ?? (() => {}));
}

class RunningServer implements Server {
  readonly addr: Target;
  readonly finished: Promise<void>;
  readonly #options: ServeOptions;
  readonly #lobby: UnauthenticatedConns;
  readonly #listener: Deno.Listener;
  readonly #admission: Admission;
  readonly #visits: ConnectionHandler;
  readonly #connections = new TaskGroup();
  /** Ends the sessions that are still under way. */
  readonly #cut = new AbortController();
  #stopped = false;
  #thrown: { error: unknown } | undefined;

  constructor(
    options: ServeOptions,
    handler: Handler,
  ) {
    const { idleTimeout, maxSize, maxConnections = 4_096 } = options;
    mustBePositive({ idleTimeout, maxSize, maxConnections });
    this.#options = options;
    const guard = receiverGuard(options);
    if (guard && options.raw) throw rawIsOpen();
    mustBeLocal(options, guard !== undefined);
    this.#lobby = guard
      ? new UnauthenticatedConns(GUARDED)
      : new UnauthenticatedConns();
    this.#visits = new ConnectionHandler(
      options,
      guard,
      this.#cut.signal,
      handler,
    );
    this.#admission = new Admission(maxConnections);
    this.#listener = listen(options);
    this.addr = targetOf(this.#listener.addr);
    const { signal } = options;
    const stop = () => {
      this.#cut.abort(signal?.reason);
      this.#stop();
    };
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    try {
      options.onListen?.(this.addr);
    } catch (error) {
      stop(); // nobody will get hold of this server
      signal?.removeEventListener("abort", stop);
      throw error;
    }
    this.finished = this.#acceptAll().finally(() =>
      signal?.removeEventListener("abort", stop)
    );
  }

  async shutdown({ grace = Infinity }: ShutdownOptions = {}): Promise<void> {
    mustNotBeNegative({ grace });
    this.#admission.close();
    const cut = () => this.#cut.abort(OUT_OF_TIME);
    const timer = setTimeout(cut, Math.min(grace, MAX_DELAY_MS));
    await this.#admission.empty;
    clearTimeout(timer);
    this.#stop();
    // Who has not said what they want by now keeps nobody waiting.
    const late = setTimeout(cut, STRANGERS_MS);
    await this.finished.finally(() => clearTimeout(late));
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
    let told = false;
    while (!this.#stopped) {
      try {
        this.#take(await this.#listener.accept());
        told = false;
      } catch (error) {
        if (this.#stopped) break;
        if (isGone(error)) continue;
        // A stranger's descriptor will do, where there is one.
        if (isOutOfDescriptors(error) && this.#lobby.dismissFirst()) continue;
        if (!told) this.#cannotAccept(error);
        told = true;
        await pause(ACCEPT_PAUSE_MS);
      }
    }
    await this.#connections.allDone();
    if (this.#thrown) throw this.#thrown.error;
  }

  #cannotAccept(cause: unknown): void {
    const error = new TransferError(
      "local-io",
      `Cannot accept a connection: ${reasonOf(cause)}`,
      { cause },
    );
    this.#fail(error, { peer: formatTarget(this.addr), stranger: true });
  }

  /** Tells of a failure. What comes of that is for the end: nobody else hears. */
  #fail(error: TransferError, info: SessionInfo & { stranger: boolean }): void {
    try {
      this.#options.onError?.(error, info);
    } catch (thrown) {
      this.#thrown ??= { error: thrown };
    }
  }

  #take(conn: Deno.Conn): void {
    const { address: peer, host } = peerOf(conn);
    const door = new Door(this.#admission, conn);
    if (!door.wait(this.#lobby, host)) return door.close();
    this.#connections.add(
      this.#handle(conn, peer, door).finally(() => door.leave()),
    );
  }

  async #handle(conn: Deno.Conn, peer: string, door: Door): Promise<void> {
    try {
      const report = await this.#visits.hold(conn, { peer }, door);
      this.#options.onClose?.({ peer }, report);
    } catch (error) {
      if (this.#options.signal?.aborted) return;
      if (error === OUT_OF_TIME && door.stranger) return; // it was nobody
      const failure = asTransferError(error, "internal", "serve a session");
      this.#fail(failure, { peer, stranger: door.stranger });
    } finally {
      door.close(); // in case a callback threw before the session began
    }
  }
}

/**
 * Whether whoever came was gone before being accepted. That costs nothing; a
 * pause for it would hold up everybody behind.
 */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}

function rawIsOpen(): TransferError {
  return new TransferError(
    "usage",
    "Cannot serve raw streams with a key or a certificate: plain TCP has " +
      "neither",
  );
}

/** Why a session is cut that did not finish in time. */
const OUT_OF_TIME = new TransferError(
  "rejected",
  "Cannot finish the session: the receiver is stopping",
  { retriable: true },
);
