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
import type { Sink } from "../sink/sink.ts";
import {
  type ReceiveOptions,
  receiverHandshake,
} from "../transfer/receiver/receive.ts";
import type { Door } from "./door.ts";

/** Who a session is with. */
export interface SessionInfo {
  /** The sender's address, as people type it. */
  peer: string;
}

/** Hears of an entry that was committed, and who sent it; it may be async. */
export type Handler = (receipt: Receipt, info: SessionInfo) => unknown;

/** What the sessions of a server have in common. */
export interface VisitOptions
  extends Omit<ReceiveOptions, "onReceipt" | "onProgress"> {
  /** Where the entries land. */
  sink: Sink;
  /** Takes plain streams until their end, as `nc -N` sends them. */
  raw?: boolean;
  /** Whether raw streams are digested. @default {false} */
  digest?: boolean;
  /** Hears of each session that begins. */
  onConnect?: (info: SessionInfo) => void;
  /** Hears how far each session is. */
  onProgress?: (progress: Progress, info: SessionInfo) => void;
}

/**
 * Bytes for large buffers over all sessions: 128 of them can receive large
 * files at once, more wait for their turn.
 */
const BUFFER_BYTES = 268_435_456;

/** Holds sessions, any number at a time. */
export class ConnectionHandler {
  readonly #options: VisitOptions;
  readonly #guard: ReceiverGuard | undefined;
  readonly #signal: AbortSignal;
  readonly #handler: Handler;
  readonly #budget = new Semaphore(BUFFER_BYTES);

  /**
   * Makes what the sessions share.
   *
   * @param options Where the entries land, bounds, callbacks.
   * @param guard How to find out who may come in, if it matters.
   * @param signal Ends all of them.
   * @param handler Hears of each entry that was committed.
   */
  constructor(
    options: VisitOptions,
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
   * Holds one.
   *
   * @param conn An accepted connection. It is taken over.
   * @param info Who came.
   * @param door Its way in.
   * @returns What came, of a raw stream; it ended well.
   * @throws {TransferError} Why it did not.
   */
  async hold(
    conn: Deno.Conn,
    info: SessionInfo,
    door: Door,
  ): Promise<RawReport | undefined> {
    if (this.#options.raw) return await this.#raw(conn, info, door);
    await this.#verified(conn, info, door);
  }

  async #raw(
    conn: Deno.Conn,
    info: SessionInfo,
    door: Door,
  ): Promise<RawReport> {
    try {
      door.enter();
    } catch (busy) {
      door.close(); // there is no way to tell a plain sender why
      throw busy;
    }
    this.#options.onConnect?.(info);
    return await receiveRaw(conn, this.#options.sink, {
      ...this.#options,
      signal: this.#signal,
      onProgress: (progress) => this.#options.onProgress?.(progress, info),
    });
  }

  async #verified(
    conn: Deno.Conn,
    info: SessionInfo,
    door: Door,
  ): Promise<void> {
    const options = {
      ...this.#options,
      signal: this.#signal,
      budget: this.#budget,
      onReceipt: (receipt: Receipt) => this.#handler(receipt, info),
      onProgress: (progress: Progress) =>
        this.#options.onProgress?.(progress, info),
    };
    const session = await receiverHandshake(
      conn,
      options,
      this.#guard,
      door.becomes,
    );
    try {
      door.enter();
    } catch (busy) {
      await session.decline(asTransferError(busy, "internal", "let it in"));
      throw busy;
    }
    this.#options.onConnect?.(info);
    await session.run(this.#options.sink);
  }
}
