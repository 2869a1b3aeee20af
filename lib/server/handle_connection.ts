/**
 * What a server does with a connection: a session, raw or verified.
 *
 * @module
 */

import { CallbackGuard } from "../base/callbacks.ts";
import { asTransferError } from "../base/errors.ts";
import { Semaphore } from "../base/semaphore.ts";
import { notify, type TransferCallbacks } from "../model/events.ts";
import type { Progress } from "../model/progress.ts";
import { receiveRaw, type ReceiveRawOptions } from "../raw/receive_raw.ts";
import type { RawReport } from "../raw/report.ts";
import { closeQuietly } from "../net/deadline.ts";
import type { Duplex } from "../net/duplex.ts";
import type { ReceiverGuard } from "../security/mod.ts";
import { receiverHandshake } from "../transfer/receiver/handshake.ts";
import type { HandshakeOptions } from "../transfer/receiver/session_options.ts";
import type { AcceptedConn } from "./admission.ts";
import type { Handler, ServeOptions } from "./options.ts";
import type { Session } from "./sessions.ts";

/**
 * Bytes for large buffers over all sessions: 128 of them can receive large
 * files at once, more wait for their turn.
 */
const BUFFER_BYTES = 268_435_456;

/** Runs the sessions of a server, any number at a time. */
export class ConnectionHandler {
  readonly #options: ServeOptions;
  readonly #guard: ReceiverGuard | undefined;
  readonly #signal: AbortSignal;
  readonly #handler: Handler;
  readonly #budget = new Semaphore(BUFFER_BYTES);

  /**
   * Makes what the sessions share.
   *
   * @param options Where the entries land, bounds, callbacks.
   * @param guard Authenticates the senders, where that was asked for.
   * @param signal Ends all sessions.
   * @param handler Called for each entry that was committed.
   */
  constructor(
    options: ServeOptions,
    guard: ReceiverGuard | undefined,
    signal: AbortSignal,
    handler: Handler,
  ) {
    this.#options = options;
    this.#guard = guard;
    this.#signal = signal;
    this.#handler = handler;
  }

  /**
   * Runs one session.
   *
   * On abort: the sender is told, and this rejects with the signal's reason;
   * once the session is over, only the wait for callbacks ends.
   *
   * @param conn An accepted connection. It is taken over.
   * @param session What the server knows about it; its progress is kept there.
   * @param accepted Its state, which says when it is a session.
   * @returns How a raw stream ended; nothing for a verified session.
   * @throws {TransferError} Why it failed: `rejected` where the server cannot
   * admit it, everything that {@linkcode receive} throws, and `internal` where
   * a callback failed.
   */
  async handle(
    conn: Deno.Conn,
    session: Session,
    accepted: AcceptedConn,
  ): Promise<RawReport | undefined> {
    const callbacks = new CallbackGuard();
    const { info } = session;
    const heard: TransferCallbacks = {
      onConnect: () => this.#options.onConnect?.(info),
      onProgress: (progress) => this.#options.onProgress?.(progress, info),
    };
    const admit = () => {
      accepted.admit();
      notify({ event: "connected" }, heard, callbacks);
    };
    const onProgress = (progress: Progress) => {
      session.progress = progress;
      notify({ event: "progress", ...progress }, heard, callbacks);
    };
    const options = { ...this.#options, signal: this.#signal, onProgress };
    let report: RawReport | undefined;
    try {
      if (this.#options.raw) report = await this.#raw(conn, options, admit);
      else {
        await this.#verified(
          conn,
          {
            ...options,
            budget: this.#budget,
            onReceipt: (receipt) => this.#handler(receipt, info),
          },
          admit,
          accepted.replace,
        );
      }
    } finally {
      await callbacks.settled(this.#signal);
    }
    callbacks.rethrow();
    return report;
  }

  async #raw(
    conn: Deno.Conn,
    options: ReceiveRawOptions,
    admit: () => void,
  ): Promise<RawReport> {
    try {
      admit();
    } catch (busy) {
      closeQuietly(conn); // there is no way to tell a plain sender why
      throw busy;
    }
    return await receiveRaw(conn, this.#options.sink, options);
  }

  async #verified(
    conn: Deno.Conn,
    options: HandshakeOptions,
    admit: () => void,
    onConn: (conn: Duplex) => void,
  ): Promise<void> {
    const session = await receiverHandshake(conn, options, this.#guard, onConn);
    try {
      admit();
    } catch (busy) {
      await session.decline(
        asTransferError(busy, "internal", "take a session"),
      );
      throw busy;
    }
    await session.run(this.#options.sink);
  }
}
