/**
 * One source over one plain connection: write, half-close, read to its end.
 *
 * The peer is heard from the beginning to its end, so that what it says never
 * fills both buffers, and never turns the close into a reset.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { Digest } from "../base/digest.ts";
import { RateLimiter } from "../base/rate_limiter.ts";
import { HEARTBEAT_MS, type Progress } from "../model/progress.ts";
import { IDLE_TIMEOUT_MS, withDeadline } from "../net/deadline.ts";
import { type Duplex, halfClose, readSome, writeSome } from "../net/duplex.ts";
import { IdleTimer } from "../net/idle_timer.ts";
import type { Item } from "../source/item.ts";
import { readAhead } from "../source/read_ahead.ts";
import type { Reading } from "../source/reader.ts";
import { RawProgress } from "./progress.ts";
import { type RawOptions, type RawReport, reportOf } from "./report.ts";

/** Options of a {@linkcode RawSender}; `sendRaw()` describes them. */
export interface RawSenderOptions extends Omit<RawOptions, "onProgress"> {
  /** Longest time that a peer may keep talking after our end, in ms. */
  drainTimeout?: number;
  /** Bytes a second at most. */
  limitRate?: number;
  /** Called with what the peer says. */
  onReply?: (piece: Uint8Array) => unknown;
  /** Called with the progress; it may not throw. */
  onProgress: (progress: Progress) => void;
}

/** Everything was sent, then something failed: its cause. */
export class Unconfirmed extends Error {
  /** Always `"Unconfirmed"`. */
  override readonly name: string = "Unconfirmed";
}

/** All went well, but `onReply` failed: its cause. */
export class AnswerNotKept extends Error {
  /** Always `"AnswerNotKept"`. */
  override readonly name: string = "AnswerNotKept";
}

/** Read and written at once, in bytes: few system calls, little memory. */
const BLOCK_BYTES = 1_048_576;

/** Read of the peer's answer at once, in bytes: most answers are short. */
const REPLY_BUFFER_BYTES = 65_536;

/** Longest time that a peer may keep talking after our end, in milliseconds. */
const DRAIN_TIMEOUT_MS = 60_000;

/** Sends one source. */
export class RawSender {
  readonly #conn: Duplex;
  readonly #item: Item;
  readonly #options: RawSenderOptions;
  readonly #idle: IdleTimer;
  readonly #progress: RawProgress;
  #sent = 0;
  /** Why nothing more can be heard of the peer. */
  #broken: { error: unknown } | undefined;
  /** Rejects the read of the source that is under way. */
  #leaveSource: (error: unknown) => void = () => {};
  /** Why the peer's answer could not be kept; it is read all the same. */
  #notKept: { error: unknown } | undefined;

  /**
   * Makes a sender.
   *
   * @param conn The connection; the caller closes it.
   * @param item What is sent.
   * @param options Bounds and callbacks.
   */
  constructor(conn: Duplex, item: Item, options: RawSenderOptions) {
    this.#conn = conn;
    this.#item = item;
    this.#options = options;
    this.#idle = new IdleTimer(conn, options.idleTimeout ?? IDLE_TIMEOUT_MS);
    this.#progress = new RawProgress(options.onProgress, item.entry.size);
  }

  /**
   * Sends the source, half-closes and waits for the peer's end.
   *
   * On abort: the caller closes the connection, and this rejects. A source that
   * blocks is left.
   *
   * @returns The report of a clean end.
   * @throws What failed while it was sent: a {@linkcode TransferError} of the
   * source or the connection; {@linkcode Unconfirmed} or
   * {@linkcode AnswerNotKept} afterwards.
   */
  async run(): Promise<RawReport> {
    using _idle = this.#idle;
    let over = false;
    const ended = this.#hearAll().finally(() => over = true);
    // Awaited once everything is written; a blocked source could prevent that.
    ended.catch((error) => {
      this.#broken = { error };
      this.#leaveSource(error);
    });
    const digest = this.#options.digest ? new Digest("sha256") : undefined;
    await this.#sayAll(digest);
    try {
      // A peer that has ended may read on, or be gone. Linux reports its reset
      // to a write then, not to a read, and our half-close would hide it.
      if (over) await writeSome(this.#conn, new Uint8Array(0));
      await halfClose(this.#conn);
      await this.#waitFor(ended);
    } catch (cause) {
      throw new Unconfirmed("everything was sent", { cause });
    }
    if (this.#notKept) {
      const { error: cause } = this.#notKept;
      throw new AnswerNotKept("the answer was not kept", { cause });
    }
    return reportOf(this.#sent, digest);
  }

  async #sayAll(digest: Digest | undefined): Promise<void> {
    await using source = await this.#item.open("sha256");
    const limiter = new RateLimiter(this.#options.limitRate ?? Infinity);
    const size = Math.min(BLOCK_BYTES, limiter.burst);
    const buffers = [new Uint8Array(size), new Uint8Array(size)] as const;
    const stopped = () => this.#options.signal?.aborted ?? false;
    const reader = { read: (into: Uint8Array) => this.#read(source, into) };
    for await (const block of readAhead(reader, buffers, 0)) {
      await limiter.wait(block.length, stopped);
      const sent = this.#write(block);
      digest?.update(block); // while the kernel works on it
      await sent;
    }
    await source.verify();
    this.#progress.ended(this.#sent);
  }

  /** Reads the source; rejects where it blocks and the peer is gone. */
  #read(source: Reading, into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      if (this.#broken) return reject(this.#broken.error);
      this.#leaveSource = reject;
      source.read(into).then(resolve, reject);
    });
  }

  async #write(block: Uint8Array): Promise<void> {
    while (block.length > 0) {
      const count = await this.#idle.guard(
        "write to the peer",
        () => writeSome(this.#conn, block),
      );
      this.#sent += count;
      this.#progress.moved(this.#sent);
      block = block.subarray(count);
    }
  }

  /** Reads what the peer says, from the beginning to its end. */
  async #hearAll(): Promise<void> {
    const buffer = new Uint8Array(REPLY_BUFFER_BYTES);
    for (let n; (n = await readSome(this.#conn, buffer)) !== null;) {
      this.#idle.moved();
      try {
        if (!this.#notKept) await this.#keep(buffer.subarray(0, n));
      } catch (error) {
        // It is read on: an unread answer would cost bytes that were sent.
        this.#notKept = { error };
      }
    }
  }

  /** Hands a piece on. Time that `onReply` takes is no silence of the peer. */
  async #keep(piece: Uint8Array): Promise<void> {
    const { onReply, signal, idleTimeout = IDLE_TIMEOUT_MS } = this.#options;
    const keeping = onReply?.(piece);
    if (!(keeping instanceof Promise)) return;
    const beat = Math.min(HEARTBEAT_MS, idleTimeout / 2);
    const timer = setInterval(() => this.#idle.moved(), beat);
    try {
      await (signal ? abortable(keeping, signal) : keeping);
    } finally {
      clearInterval(timer);
    }
  }

  async #waitFor(ended: Promise<void>): Promise<void> {
    const doing = "wait for the peer's end";
    await withDeadline(
      this.#conn,
      this.#options.drainTimeout ?? DRAIN_TIMEOUT_MS,
      doing,
      () => this.#idle.guard(doing, () => ended),
    );
  }
}
