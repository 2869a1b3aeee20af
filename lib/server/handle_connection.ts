/**
 * What a server does with a connection: a session, raw or verified.
 *
 * @module
 */

import { asTransferError } from "../base/errors.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { Progress } from "../model/progress.ts";
import type { Receipt } from "../model/receipt.ts";
import { receiveRaw } from "../raw/receive_raw.ts";
import type { RawReport } from "../raw/report.ts";
import type { ReceiverGuard } from "../security/mod.ts";
import { receiverHandshake } from "../transfer/receiver/receive.ts";
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
   * @param handler Hears of each entry that was committed.
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
   * On abort: the sender is told, and this rejects with the signal's reason.
   *
   * @param conn An accepted connection. It is taken over.
   * @param session What the server knows about it; its progress is kept there.
   * @param accepted Its state, which says when it is a session.
   * @returns How a raw stream ended; nothing for a verified session.
   * @throws {TransferError} Why it failed: `rejected` where the server cannot
   * admit it, and everything that {@linkcode receive} throws.
   */
  async handle(
    conn: Deno.Conn,
    session: Session,
    accepted: AcceptedConn,
  ): Promise<RawReport | undefined> {
    if (this.#options.raw) return await this.#raw(conn, session, accepted);
    await this.#verified(conn, session, accepted);
  }

  async #raw(
    conn: Deno.Conn,
    session: Session,
    accepted: AcceptedConn,
  ): Promise<RawReport> {
    try {
      accepted.admit();
    } catch (busy) {
      accepted.close(); // there is no way to tell a plain sender why
      throw busy;
    }
    this.#options.onConnect?.(session.info);
    return await receiveRaw(conn, this.#options.sink, {
      ...this.#options,
      signal: this.#signal,
      onProgress: (progress) => this.#tellProgress(progress, session),
    });
  }

  async #verified(
    conn: Deno.Conn,
    session: Session,
    accepted: AcceptedConn,
  ): Promise<void> {
    const { info } = session;
    const options = {
      ...this.#options,
      signal: this.#signal,
      budget: this.#budget,
      onReceipt: (receipt: Receipt) => this.#handler(receipt, info),
      onProgress: (progress: Progress) => this.#tellProgress(progress, session),
    };
    const receiver = await receiverHandshake(
      conn,
      options,
      this.#guard,
      accepted.replace,
    );
    try {
      accepted.admit();
    } catch (busy) {
      await receiver.decline(asTransferError(busy, "internal", "let it in"));
      throw busy;
    }
    this.#options.onConnect?.(info);
    await receiver.run(this.#options.sink);
  }

  #tellProgress(progress: Progress, session: Session): void {
    session.progress = progress;
    this.#options.onProgress?.(progress, session.info);
  }
}
