/**
 * Plain TCP to programs that know nothing of receipts.
 *
 * What can be known then is little, and exactly that is reported: that the peer
 * closed cleanly, or how it broke. Never that it has the bytes: a program that
 * crashes closes just as cleanly, and of one that ended before us and is gone a
 * reset tells, which the network may bring too late.
 *
 * @module
 */

import { onAbort } from "../base/abort.ts";
import { Digest } from "../base/digest.ts";
import {
  asTransferError,
  type Code,
  reasonOf,
  TransferError,
} from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import { RateLimiter } from "../base/rate_limiter.ts";
import { retrying, type RetryOptions } from "../base/retry.ts";
import { mustBeCounts, mustBePositive } from "../base/validate.ts";
import { HEARTBEAT_MS } from "../model/progress.ts";
import { formatTarget, type Target } from "../net/address.ts";
import { connect, CONNECT_TIMEOUT_MS } from "../net/connect.ts";
import {
  closeQuietly,
  IDLE_TIMEOUT_MS,
  withDeadline,
} from "../net/deadline.ts";
import { type Duplex, halfClose, readSome, writeSome } from "../net/duplex.ts";
import { IdleTimer } from "../net/idle_timer.ts";
import { type Item, releasing, type Source } from "../source/item.ts";
import { itemOf } from "../source/item_of.ts";
import { readAhead } from "../source/read_ahead.ts";
import type { Reading } from "../source/reader.ts";
import { RawProgress } from "./progress.ts";
import { type RawOptions, type RawReport, reportOf } from "./report.ts";

/** Options of {@linkcode sendRaw}. */
export interface SendRawOptions extends RawOptions, RetryOptions {
  /** What the source is called in messages. @default {"stdin"} */
  name?: string;
  /** Longest time to connect, in milliseconds. @default {10_000} */
  connectTimeout?: number;
  /**
   * Longest time for a peer that keeps talking after our end, in milliseconds.
   * @default {60_000}
   */
  drainTimeout?: number;
  /** Bytes a second at most. @default {Infinity} */
  limitRate?: number;
  /** Hears that somebody is there. */
  onConnect?: () => void;
  /**
   * Sees what the peer says; it may not keep the piece. Where it returns a
   * promise, nothing more is read before that resolves.
   */
  onReply?: (piece: Uint8Array) => unknown;
}

/**
 * Sends a source to any TCP program: write, half-close, read to its end, close.
 * What the peer says meanwhile is read, so that it never costs a byte.
 *
 * On abort, and when the source fails: the connection is closed, and a plain
 * peer cannot tell that from the end of the stream.
 *
 * @param source A file's path, bytes, a reader, a stream or an iterable. A
 * stream or an iterable is let go of when this settles, either way.
 * @param target Where the program listens.
 * @param options Bounds and callbacks.
 * @returns What is known: that the peer ended cleanly after our end.
 * @throws {TransferError} `connect` when nobody is there, which `retry` repeats;
 * nothing else is, because nobody knows what arrived. `source`,
 * `source-changed` or `usage` for the source's own failures, `lost` or `stalled`
 * when the connection broke before everything was handed over, `unconfirmed`
 * when it broke after, `local-io` when all went well but `onReply` failed.
 *
 * @example Send to a program that greets and then counts
 * ```ts
 * import { readExactly, sendRaw } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const counted = (async () => {
 *   using conn = await listener.accept();
 *   await conn.write(new TextEncoder().encode("220 Welcome\r\n"));
 *   let count = 0;
 *   while (await readExactly(conn, new Uint8Array(1))) count++;
 *   return count;
 * })();
 * const { hostname, port } = listener.addr;
 * const report = await sendRaw(new Uint8Array(500), { hostname, port });
 * assertEquals(report, { bytes: 500, clean: true });
 * assertEquals(await counted, 500);
 * listener.close();
 * ```
 */
export async function sendRaw(
  source: Source,
  target: Target,
  options: SendRawOptions = {},
): Promise<RawReport> {
  // It is taken first, so that it is released whatever else is refused.
  const item = await itemOf(source, { ...options, retry: 0 });
  return await releasing([item], () => handOver(item, target, options));
}

async function handOver(
  item: Item,
  target: Target,
  options: SendRawOptions,
): Promise<RawReport> {
  const { signal, connectTimeout = CONNECT_TIMEOUT_MS } = options;
  const { idleTimeout, drainTimeout, limitRate, retry } = options;
  mustBePositive({ connectTimeout, idleTimeout, drainTimeout, limitRate });
  mustBeCounts({ retry });
  // Only connecting is tried again: afterwards nobody knows what arrived.
  const conn = await retrying(options, {
    attempt: () => connect(target, { connectTimeout, signal }),
  });
  const close = () => closeQuietly(conn);
  using _ = onAbort(signal, close);
  try {
    signal?.throwIfAborted();
    options.onConnect?.();
    return await new RawSender(conn, item, options).run();
  } catch (error) {
    signal?.throwIfAborted();
    const failure = asTransferError(error, "internal", "send");
    const doing = DOING[failure.code] ?? "deliver";
    throw new TransferError(
      failure.code,
      {
        doing: `${doing} ${quote(item.entry.name)} to ` + formatTarget(target),
        found: failure.found,
      },
      { cause: failure, retriable: false },
    );
  } finally {
    close();
  }
}

/** What could not be done, where it is not the delivery. */
const DOING: Partial<Record<Code, string>> = {
  unconfirmed: "confirm",
  "local-io": "finish sending",
};

class RawSender {
  readonly #conn: Duplex;
  readonly #item: Item;
  readonly #options: SendRawOptions;
  readonly #idle: IdleTimer;
  readonly #progress: RawProgress;
  #sent = 0;
  /** Why nothing more can be heard of the peer. */
  #broken: { error: unknown } | undefined;
  #leaveSource: (error: unknown) => void = () => {};
  /** Why the peer's answer could not be kept; it is read all the same. */
  #unkept: { error: unknown } | undefined;

  constructor(conn: Duplex, item: Item, options: SendRawOptions) {
    this.#conn = conn;
    this.#item = item;
    this.#options = options;
    this.#idle = new IdleTimer(conn, options.idleTimeout ?? IDLE_TIMEOUT_MS);
    this.#progress = new RawProgress(options.onProgress, item.entry.size);
  }

  async run(): Promise<RawReport> {
    using _idle = this.#idle;
    let over = false;
    const ended = this.#hearAll().finally(() => over = true);
    // Awaited once everything is written; a source can keep us from that.
    ended.catch((error) => {
      this.#broken = { error };
      this.#leaveSource(error);
    });
    const digest = this.#options.digest ? new Digest() : undefined;
    await this.#writeAll(digest);
    try {
      // A peer that has ended may read on, or be gone. Linux tells of its reset
      // by a write then, no more by a read, and our own end would hide it.
      if (over) await writeSome(this.#conn, new Uint8Array(0));
      await halfClose(this.#conn);
      await this.#waitFor(ended);
    } catch (error) {
      const cause = asTransferError(error, "internal", "wait for the peer");
      throw new TransferError(
        "unconfirmed",
        {
          doing: "confirm",
          found: `everything was sent, then ${cause.found}`,
        },
        { cause },
      );
    }
    if (this.#unkept) {
      throw new TransferError(
        "local-io",
        {
          doing: "keep the answer",
          found: "everything was sent and closed cleanly, but the answer was " +
            `not kept (${reasonOf(this.#unkept.error)})`,
        },
        { cause: this.#unkept.error },
      );
    }
    return reportOf(this.#sent, digest);
  }

  async #writeAll(digest: Digest | undefined): Promise<void> {
    await using source = await this.#item.open();
    const limiter = new RateLimiter(this.#options.limitRate ?? Infinity);
    const size = Math.min(BLOCK_BYTES, limiter.burst);
    const buffers = [new Uint8Array(size), new Uint8Array(size)] as const;
    const stopped = () => this.#options.signal?.aborted ?? false;
    const reader = { read: (into: Uint8Array) => this.#read(source, into) };
    for await (const block of readAhead(reader, buffers, 0)) {
      await limiter.wait(block.length, stopped);
      const sent = this.#write(block);
      digest?.update(block);
      await sent;
    }
    await source.verify();
    this.#progress.ended(this.#sent);
  }

  /** Reads the source; one that says nothing is left when the peer is gone. */
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
        if (!this.#unkept) await this.#keep(buffer.subarray(0, n));
      } catch (error) {
        this.#unkept = { error }; // what is not read would cost sent bytes
      }
    }
  }

  /** Hands a piece on. Who keeps it may be slow: that is no silence of the peer. */
  async #keep(piece: Uint8Array): Promise<void> {
    const { onReply, idleTimeout = IDLE_TIMEOUT_MS } = this.#options;
    const keeping = onReply?.(piece);
    if (!(keeping instanceof Promise)) return;
    const beat = Math.min(HEARTBEAT_MS, idleTimeout / 2);
    const ours = setInterval(() => this.#idle.moved(), beat);
    try {
      await keeping;
    } finally {
      clearInterval(ours);
    }
  }

  async #waitFor(ended: Promise<void>): Promise<void> {
    const doing = "wait for the peer's end";
    const total = this.#options.drainTimeout ?? 60_000;
    await withDeadline(
      this.#conn,
      total,
      doing,
      () => this.#idle.guard(doing, () => ended),
    );
  }
}

/** Read and written at once, in bytes: few system calls, little memory. */
const BLOCK_BYTES = 1_048_576;

/** Replies are short, as a rule. */
const REPLY_BUFFER_BYTES = 65_536;
