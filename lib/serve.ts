/**
 * A server: accepts, limits, and keeps each connection's faults to itself.
 *
 * @module
 */

import { Admission } from "./admission.ts";
import { Budget } from "./budget.ts";
import { nameOf, type Target } from "./connect.ts";
import { MAX_DELAY_MS } from "./deadline.ts";
import { Door } from "./door.ts";
import { asTransferError, reasonOf, TransferError } from "./errors.ts";
import { listen, type ListenOptions, targetOf, visitorOf } from "./listen.ts";
import { Lobby } from "./lobby.ts";
import { mustBeLocal } from "./local.ts";
import type { RawReport } from "./raw.ts";
import { receiveRaw } from "./raw_receive.ts";
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
  extends
    ListenOptions,
    Omit<ReceiveOptions, "budget" | "onReceipt" | "onProgress"> {
  /** Where the entries land. */
  sink: Sink;
  /** Takes plain streams until their end, as `nc -N` sends them. */
  raw?: boolean;
  /** Whether raw streams are digested. @default {false} */
  digest?: boolean;
  /**
   * Sessions at a time; more are refused as busy.
   * @default {4096}
   */
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

/** Options of a server's `shutdown()`. */
export interface ShutdownOptions {
  /** Longest time for sessions to finish, in ms. @default {Infinity} */
  grace?: number;
}

/** A running server. */
export interface Server extends AsyncDisposable {
  /** Where it listens. */
  readonly addr: Target;
  /**
   * Resolves when it has stopped and the last session has ended. Rejects only
   * with what the server's own `onError` threw.
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
   */
  shutdown(options?: ShutdownOptions): Promise<void>;
}

/**
 * Bytes for large buffers over all sessions: 128 of them can receive large
 * files at once, more wait for their turn.
 */
const BUFFER_BYTES = 268_435_456;

/** Strangers at a time, where they have a key to show: guessing takes its time. */
const GUARDED = { ofOne: 256, inAll: 1_024 };

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
  readonly #lobby: Lobby;
  readonly #guard: ReceiverGuard | undefined;
  readonly #listener: Deno.Listener;
  readonly #admission: Admission;
  readonly #budget = new Budget(BUFFER_BYTES);
  readonly #connections = new Set<Promise<void>>();
  /** Ends the sessions that are still under way. */
  readonly #cut = new AbortController();
  #stopped = false;

  constructor(
    options: ServeOptions,
    handler: (receipt: Receipt, info: SessionInfo) => void,
  ) {
    this.#options = options;
    this.#handler = handler;
    this.#guard = receiverGuard(options);
    mustBeLocal(options, this.#guard !== undefined && !options.raw);
    this.#lobby = this.#guard ? new Lobby(GUARDED) : new Lobby();
    this.#admission = new Admission(options.maxConnections ?? 4_096);
    this.#listener = listen(options);
    this.addr = targetOf(this.#listener.addr);
    const { signal } = options;
    const stop = () => {
      this.#cut.abort(signal?.reason);
      this.#stop();
    };
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    options.onListen?.(this.addr);
    this.finished = this.#acceptAll().finally(() =>
      signal?.removeEventListener("abort", stop)
    );
  }

  async shutdown({ grace = Infinity }: ShutdownOptions = {}): Promise<void> {
    this.#admission.close();
    const cut = () => this.#cut.abort(OUT_OF_TIME);
    const timer = setTimeout(cut, Math.min(grace, MAX_DELAY_MS));
    await this.#admission.empty;
    clearTimeout(timer);
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
    let told = false;
    while (!this.#stopped) {
      try {
        this.#take(await this.#listener.accept());
        told = false;
      } catch (error) {
        if (this.#stopped) break;
        // Out of descriptors, most likely: sessions that end give some back.
        if (!told) this.#cannotAccept(error);
        told = true;
        await pause(ACCEPT_PAUSE_MS);
      }
    }
    await Promise.all(this.#connections);
  }

  #cannotAccept(cause: unknown): void {
    const error = new TransferError(
      "local-io",
      `Cannot accept a connection: ${reasonOf(cause)}`,
      { cause },
    );
    const peer = nameOf(this.addr);
    this.#options.onError?.(error, { peer, stranger: true });
  }

  #take(conn: Deno.Conn): void {
    const { peer, host } = visitorOf(conn);
    const door = new Door(this.#admission, conn);
    if (!door.wait(this.#lobby, host)) return door.close();
    const done = this.#handle(conn, peer, door).finally(() => {
      door.leave();
      this.#connections.delete(done);
    });
    this.#connections.add(done);
  }

  async #handle(conn: Deno.Conn, peer: string, door: Door): Promise<void> {
    try {
      const report = this.#options.raw
        ? await this.#raw(conn, peer, door)
        : await this.#verified(conn, peer, door);
      this.#options.onClose?.({ peer }, report);
    } catch (error) {
      if (this.#options.signal?.aborted) return;
      const failure = asTransferError(error, "internal", "serve a session");
      this.#options.onError?.(failure, { peer, stranger: door.stranger });
    } finally {
      door.close(); // in case a callback threw before the session began
    }
  }

  async #raw(conn: Deno.Conn, peer: string, door: Door): Promise<RawReport> {
    try {
      door.enter();
    } catch (busy) {
      door.close(); // there is no way to tell a plain sender why
      throw busy;
    }
    this.#options.onConnect?.({ peer });
    return await receiveRaw(conn, this.#options.sink, {
      ...this.#options,
      signal: this.#cut.signal,
      onProgress: (progress) => this.#options.onProgress?.(progress, { peer }),
    });
  }

  async #verified(
    conn: Deno.Conn,
    peer: string,
    door: Door,
  ): Promise<undefined> {
    const options = {
      ...this.#options,
      signal: this.#cut.signal,
      budget: this.#budget,
      onReceipt: (receipt: Receipt) => this.#handler(receipt, { peer }),
      onProgress: (progress: Progress) =>
        this.#options.onProgress?.(progress, { peer }),
    };
    const session = await welcome(conn, options, this.#guard, door.becomes);
    try {
      door.enter();
    } catch (busy) {
      await session.refuse(asTransferError(busy, "internal", "let it in"));
      throw busy;
    }
    this.#options.onConnect?.({ peer });
    await session.run(this.#options.sink);
  }
}

/** Why a session is cut that did not finish in time. */
const OUT_OF_TIME = new TransferError(
  "rejected",
  "Cannot finish the session: the receiver is stopping",
  { retriable: true },
);
