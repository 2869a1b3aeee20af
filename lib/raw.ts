/**
 * Plain TCP to and from programs that know nothing of receipts.
 *
 * What can be known then is little, and exactly that is reported: that the peer
 * read to our end and closed cleanly, or how it broke. Never that it has the
 * bytes: a program that crashes closes just as cleanly.
 *
 * @module
 */

import { blocksOf, Pace } from "./blocks.ts";
import { connect, nameOf, type Target } from "./connect.ts";
import {
  type Duplex,
  ENDING,
  halfClose,
  hangUp,
  readSome,
  writeSome,
} from "./conn.ts";
import { closeQuietly, IdleTimer, withDeadline } from "./deadline.ts";
import { Digest, toHex } from "./digest.ts";
import { asTransferError, foundOf, TransferError } from "./errors.ts";
import { MAX_DATA_BYTES } from "./frames.ts";
import type { Progress } from "./receipt.ts";
import { retrying, type RetryOptions } from "./retry.ts";
import type { Sink } from "./sink.ts";
import type { Item, Source } from "./source.ts";
import { itemOf } from "./walk.ts";

/** What is known after a raw transfer. */
export interface RawReport {
  /** How many bytes went over. */
  bytes: number;
  /** Their SHA-256 in hexadecimal, where it was asked for. */
  sha256?: string;
  /** Always `true`: the other side ended without a reset. */
  clean: true;
}

/** Options of {@linkcode sendRaw} and {@linkcode receiveRaw}. */
export interface RawOptions {
  /** Longest time without any movement, in milliseconds. @default {30_000} */
  idleTimeout?: number;
  /** Whether to take the SHA-256 along the way. @default {false} */
  digest?: boolean;
  /** Drops the connection; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Hears how many bytes went over. */
  onProgress?: (progress: Progress) => void;
}

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
  /** Sees what the peer says; it may not keep the piece. */
  onReply?: (piece: Uint8Array) => void;
}

/**
 * Sends a source to any TCP program: write, half-close, read to its end, close.
 * What the peer says meanwhile is read, so that it never costs a byte.
 *
 * On abort, and when the source fails: the connection is closed, and a plain
 * peer cannot tell that from the end of the stream.
 *
 * @param source A file's path, bytes, a reader, a stream or an iterable.
 * @param target Where the program listens.
 * @param options Bounds and callbacks.
 * @returns What is known: that the peer ended cleanly after our end.
 * @throws {TransferError} `lost` or `stalled` when the connection broke before
 * everything was handed over, `unconfirmed` when it broke after.
 */
export async function sendRaw(
  source: Source,
  target: Target,
  options: SendRawOptions = {},
): Promise<RawReport> {
  const item = await itemOf(source, { ...options, retry: 0 });
  const { signal, connectTimeout = 10_000 } = options;
  // Only connecting is tried again: afterwards nobody knows what arrived.
  const conn = await retrying(options, {
    attempt: () =>
      connect(target, { connectTimeout, ...(signal ? { signal } : {}) }),
    again: (error) => error.retriable,
  });
  const close = () => closeQuietly(conn);
  signal?.addEventListener("abort", close);
  try {
    signal?.throwIfAborted();
    return await new RawSender(conn, item, options).run();
  } catch (error) {
    signal?.throwIfAborted();
    const failure = asTransferError(error, "internal", "send");
    const what = failure.code === "unconfirmed" ? "confirm" : "deliver";
    throw new TransferError(
      failure.code,
      `Cannot ${what} ${JSON.stringify(item.entry.name)} to ` +
        `${nameOf(target)}: ${foundOf(failure)}`,
      { cause: failure, retriable: false },
    );
  } finally {
    signal?.removeEventListener("abort", close);
    close();
  }
}

class RawSender {
  readonly #conn: Duplex;
  readonly #item: Item;
  readonly #options: SendRawOptions;
  readonly #idle: IdleTimer;
  #sent = 0;

  constructor(conn: Duplex, item: Item, options: SendRawOptions) {
    this.#conn = conn;
    this.#item = item;
    this.#options = options;
    this.#idle = new IdleTimer(conn, options.idleTimeout ?? 30_000);
  }

  async run(): Promise<RawReport> {
    using _idle = this.#idle;
    const ended = this.#hearAll();
    ended.catch(() => {}); // awaited once everything is written
    const digest = this.#options.digest ? new Digest() : undefined;
    await this.#writeAll(digest);
    try {
      await halfClose(this.#conn);
      await this.#waitFor(ended);
    } catch (error) {
      const cause = asTransferError(error, "internal", "wait for the peer");
      throw new TransferError(
        "unconfirmed",
        `Cannot confirm: everything was sent, then ${foundOf(cause)}`,
        { cause },
      );
    }
    return reportOf(this.#sent, digest);
  }

  async #writeAll(digest: Digest | undefined): Promise<void> {
    await using source = await this.#item.open();
    const pace = new Pace(this.#options.limitRate ?? Infinity);
    const size = Math.min(MAX_DATA_BYTES, pace.piece);
    const buffers = [new Uint8Array(size), new Uint8Array(size)] as const;
    const stopped = () => this.#options.signal?.aborted ?? false;
    for await (const block of blocksOf(source, [...buffers], 0)) {
      await pace.spend(block.length, stopped);
      const sent = this.#write(block);
      digest?.update(block);
      await sent;
    }
    await source.verify();
  }

  async #write(block: Uint8Array): Promise<void> {
    while (block.length > 0) {
      const count = await this.#idle.guard(
        "write to the peer",
        () => writeSome(this.#conn, block),
      );
      this.#sent += count;
      this.#progress("receiving");
      block = block.subarray(count);
    }
  }

  /** Reads what the peer says, from the beginning to its end. */
  async #hearAll(): Promise<void> {
    const buffer = new Uint8Array(REPLY_BUFFER_BYTES);
    for (let n; (n = await readSome(this.#conn, buffer)) !== null;) {
      this.#idle.moved();
      this.#options.onReply?.(buffer.subarray(0, n));
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

  #progress(phase: Progress["phase"]): void {
    const total = this.#item.entry.size;
    this.#options.onProgress?.({
      phase,
      bytes: this.#sent,
      ...(total === undefined ? {} : { total }),
    });
  }
}

/** Replies are short, as a rule. */
const REPLY_BUFFER_BYTES = 65_536;

/**
 * Takes a plain stream until its end, half-closes, drains and closes. The end
 * of the stream is taken for the end of the data, since nothing else is there
 * to tell; a reset is not.
 *
 * On abort: the connection is dropped and nothing is kept.
 *
 * @param conn An accepted connection. It is taken over.
 * @param sink Where the one stream lands.
 * @param options Bounds and callbacks.
 * @returns What came.
 * @throws {TransferError} `lost` or `stalled` when the stream was cut,
 * `local-io` or `rejected` when it could not be kept.
 */
export async function receiveRaw(
  conn: Duplex,
  sink: Sink,
  options: RawOptions = {},
): Promise<RawReport> {
  const { signal, idleTimeout = 30_000 } = options;
  const close = () => closeQuietly(conn);
  signal?.addEventListener("abort", close);
  try {
    signal?.throwIfAborted();
    const report = await take(conn, sink, options, idleTimeout);
    await hangUp(conn, ENDING);
    return report;
  } catch (error) {
    signal?.throwIfAborted();
    throw asTransferError(error, "internal", "receive");
  } finally {
    signal?.removeEventListener("abort", close);
    close();
  }
}

/** Block written to the disk at once; large ones cost the least (bench/). */
const BLOCK_BYTES = 4_194_304;

/** Most bytes asked of the kernel at once: they stay in the processor's cache. */
const READ_BYTES = 65_536;

async function take(
  conn: Duplex,
  sink: Sink,
  options: RawOptions,
  idleTimeout: number,
): Promise<RawReport> {
  using idle = new IdleTimer(conn, idleTimeout);
  const digest = options.digest ? new Digest() : undefined;
  const draft = await sink.open({ kind: "file", name: "stdin" });
  let [block, other] = [new Uint8Array(READ_BYTES), new Uint8Array(READ_BYTES)];
  let bytes = 0, filled = 0, ended = false;
  let writing: Promise<void> | undefined;
  try {
    while (!ended) {
      const into = block.subarray(filled, filled + READ_BYTES);
      const count = await idle.guard("read", () => readSome(conn, into));
      ended = count === null;
      filled += count ?? 0;
      bytes += count ?? 0;
      // A short read means that nothing more is waiting: pass it on at once.
      const pause = count !== null && count < into.length;
      if (!ended && !pause && filled < block.length) continue;
      await writing;
      const piece = block.subarray(0, filled);
      digest?.update(piece);
      writing = draft.write(piece);
      writing.catch(() => {}); // awaited before the next one
      options.onProgress?.({ phase: "receiving", bytes });
      if (other.length < BLOCK_BYTES) other = new Uint8Array(BLOCK_BYTES);
      [block, other, filled] = [other, block, 0];
    }
    await writing;
    await draft.commit();
  } catch (error) {
    await writing?.catch(() => {}); // the first failure is the one to tell
    await draft.abort();
    throw error;
  }
  return reportOf(bytes, digest);
}

function reportOf(bytes: number, digest: Digest | undefined): RawReport {
  const sha256 = digest ? { sha256: toHex(digest.finish()) } : {};
  return { bytes, ...sha256, clean: true };
}
