/**
 * A server: accepts, limits, and keeps each connection's faults to itself.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { MAX_DELAY_MS } from "../base/abort.ts";
import { CallbackGuard } from "../base/callbacks.ts";
import {
  asTransferError,
  isOutOfDescriptors,
  reasonOf,
  TransferError,
} from "../base/errors.ts";
import { mustBePositive, mustNotBeNegative } from "../base/validate.ts";
import { notify } from "../model/events.ts";
import { formatTarget, type Target, targetOf } from "../net/address.ts";
import { listen, mustBeLocal, peerOf } from "../net/listen.ts";
import { receiverGuard } from "../security/mod.ts";
import { type AcceptedConn, Admission } from "./admission.ts";
import { ConnectionHandler } from "./handle_connection.ts";
import type { Handler, ServeOptions, ShutdownOptions } from "./options.ts";
import { type Session, type SessionInfo, SessionRegistry } from "./sessions.ts";
import { UnauthenticatedConns } from "./unauthenticated.ts";

/** A running server. */
export interface Server extends AsyncDisposable {
  /** Where it listens. */
  readonly addr: Target;
  /**
   * Resolves when it has stopped and the last session has ended. Rejects then,
   * with `internal`, if `onClose` or `onError` threw or rejected before the wait
   * for their promises was ended by `signal` or by the grace of `shutdown()`.
   */
  readonly finished: Promise<void>;
  /**
   * Admits no new session, lets those under way finish, and stops. Senders that
   * connect meanwhile are told to try again later. It may be called again, with
   * less grace.
   *
   * On abort: the server's `signal` ends the sessions, and this resolves.
   *
   * @param options How long sessions and callbacks may take to finish; then the
   * sessions are cut, and their senders told.
   * @throws {TransferError} `usage` for a `grace` that is negative or no
   * number; the server goes on.
   */
  shutdown(options?: ShutdownOptions): Promise<void>;
}

/**
 * Unauthenticated connections at a time, where there is a key to prove: a peer
 * that guesses it holds each of them for seconds.
 */
const WITH_KEY = { ofOne: 256, inAll: 1_024 };

/**
 * How long unauthenticated connections may stay once the last session of a
 * server that stops has ended, in milliseconds.
 */
const UNAUTHENTICATED_GRACE_MS = 2_000;

/** Pause after an accept that failed for want of descriptors, in ms. */
const ACCEPT_PAUSE_MS = 100;

/**
 * Serves transfers until it is stopped.
 *
 * On abort: `options.signal` stops accepting and ends every session.
 *
 * @param options Where to listen, where the entries land, bounds, callbacks.
 * @param handler Called for each entry that was committed, not for raw streams.
 * A promise is awaited before its session ends, until that is cut; if it throws
 * or rejects, the session fails at its end, and `onError` is called.
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
  readonly #listener: Deno.Listener;
  readonly #admission: Admission;
  readonly #handler: ConnectionHandler;
  readonly #sessions = new SessionRegistry();
  /** Ends the sessions that are still under way. */
  readonly #cut = new AbortController();
  readonly #callbacks = new CallbackGuard();
  /** Ends the wait for callbacks, which unauthenticated peers do not cut. */
  readonly #patience = new AbortController();
  #stopped = false;

  constructor(options: ServeOptions, handler: Handler) {
    const { idleTimeout, maxSize, maxConnections = 4_096 } = options;
    mustBePositive({ idleTimeout, maxSize, maxConnections });
    this.#options = options;
    const guard = receiverGuard(options);
    mustBeLocal(options, guard !== undefined);
    this.#admission = new Admission(
      maxConnections,
      new UnauthenticatedConns(guard ? WITH_KEY : {}),
    );
    this.#handler = new ConnectionHandler(
      options,
      guard,
      this.#cut.signal,
      handler,
    );
    this.#listener = listen(options);
    this.addr = targetOf(this.#listener.addr);
    const { signal } = options;
    const stop = () => {
      this.#cut.abort(signal?.reason);
      this.#patience.abort();
      this.#stop();
    };
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    try {
      options.onListen?.(this.addr);
    } catch (error) {
      stop(); // the caller gets no server to stop
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
    const bound = Math.min(grace, MAX_DELAY_MS);
    const timer = setTimeout(cut, bound);
    const patience = setTimeout(() => this.#patience.abort(), bound);
    await this.#admission.empty;
    clearTimeout(timer);
    this.#stop();
    // A peer that is not authenticated by then does not hold up the stop.
    const late = setTimeout(cut, UNAUTHENTICATED_GRACE_MS);
    await this.finished.finally(() => {
      clearTimeout(late);
      clearTimeout(patience);
    });
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
    let reported = false;
    while (!this.#stopped) {
      try {
        this.#serve(await this.#listener.accept());
        reported = false;
      } catch (error) {
        if (this.#stopped) break;
        if (isGone(error)) continue;
        // The descriptor of an unauthenticated connection will do, if any.
        const { unauthenticated } = this.#admission;
        if (isOutOfDescriptors(error) && unauthenticated.closeOldest()) {
          continue;
        }
        if (!reported) this.#cannotAccept(error);
        reported = true;
        await delay(ACCEPT_PAUSE_MS);
      }
    }
    await this.#sessions.allDone();
    await this.#callbacks.settled(this.#patience.signal);
    this.#callbacks.rethrow();
  }

  #cannotAccept(cause: unknown): void {
    const error = new TransferError(
      "local-io",
      { doing: "accept a connection", found: reasonOf(cause) },
      { cause },
    );
    const peer = formatTarget(this.addr);
    this.#fail(error, { id: 0, peer, authenticated: false });
  }

  #fail(
    error: TransferError,
    info: SessionInfo & { authenticated: boolean },
  ): void {
    const onError = () => this.#options.onError?.(error, info);
    notify({ event: "error", error }, { onError }, this.#callbacks);
  }

  #serve(conn: Deno.Conn): void {
    const { address: peer, host } = peerOf(conn);
    const accepted = this.#admission.accept(conn, host);
    if (!accepted) return;
    this.#sessions.run(
      peer,
      (session) => this.#handle(conn, session, accepted),
    );
  }

  async #handle(
    conn: Deno.Conn,
    session: Session,
    accepted: AcceptedConn,
  ): Promise<void> {
    const { info } = session;
    try {
      const report = await this.#handler.handle(conn, session, accepted);
      const onClose = () => this.#options.onClose?.(info, report);
      notify({ event: "closed" }, { onClose }, this.#callbacks);
    } catch (error) {
      if (this.#options.signal?.aborted) return;
      const authenticated = accepted.admitted;
      // An unauthenticated peer that had no time left did nothing wrong.
      if (error === OUT_OF_TIME && !authenticated) return;
      const failure = asTransferError(error, "internal", "serve a session");
      this.#fail(failure, { ...info, authenticated });
    } finally {
      accepted.end();
    }
  }
}

/**
 * Whether a connection had ended before it was accepted. That costs nothing; a
 * pause for it would hold up the connections behind it.
 */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}

/** Why a session is cut that did not finish in time. */
const OUT_OF_TIME = new TransferError(
  "rejected",
  { doing: "finish the session", found: "the receiver is stopping" },
  { retriable: true },
);
