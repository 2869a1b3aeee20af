/**
 * Plain TCP to programs that know nothing of receipts.
 *
 * What this side can know is little, and exactly that is reported: that the peer
 * closed cleanly, or how the connection broke. It never means that the peer has
 * the bytes: a program that crashes closes just as cleanly, and the reset of one
 * that ended before us and is gone may come too late.
 *
 * @module
 */

import { onAbort } from "../base/abort.ts";
import { CallbackGuard } from "../base/callbacks.ts";
import { asTransferError, reasonOf, TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import type { Retry } from "../base/further_attempt.ts";
import { retrying, type RetryOptions } from "../base/retry.ts";
import { mustBeCounts, mustBePositive } from "../base/validate.ts";
import { notify, type TransferEvent } from "../model/events.ts";
import type { Progress } from "../model/progress.ts";
import { formatTarget, type Target } from "../net/address.ts";
import { connect, CONNECT_TIMEOUT_MS } from "../net/connect.ts";
import { closeQuietly } from "../net/deadline.ts";
import type { Duplex } from "../net/duplex.ts";
import { type Item, releasing, type Source } from "../source/item.ts";
import { itemOf } from "../source/item_of.ts";
import { AnswerNotKept, RawSender, Unconfirmed } from "./raw_sender.ts";
import type { RawOptions, RawReport } from "./report.ts";

/** Options of {@linkcode sendRaw}. */
export interface SendRawOptions extends RawOptions, RetryOptions {
  /** Name of the source in messages. @default {"stdin"} */
  name?: string;
  /** Longest time to connect, in milliseconds. @default {10_000} */
  connectTimeout?: number;
  /**
   * Longest time that a peer may keep talking after our end, in milliseconds.
   * @default {60_000}
   */
  drainTimeout?: number;
  /** Bytes a second at most. @default {Infinity} */
  limitRate?: number;
  /** Called when the connection is established. */
  onConnect?: () => unknown;
  /**
   * Called with what the peer says; it may not keep the piece. Where it returns
   * a promise, nothing more is read before that resolves. What it throws or
   * rejects with is `local-io`: the answer was not kept.
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
 * stream or an iterable is released when this settles, either way.
 * @param target Where the program listens.
 * @param options Bounds and callbacks.
 * @returns What is known: that the peer ended cleanly after our end.
 * @throws {TransferError} `connect` when nobody listens there, which alone is
 * tried again, because afterwards nobody knows what arrived. `source`,
 * `source-changed` or `usage` for the source's own failures, `lost` or `stalled`
 * when the connection broke before the kernel had accepted everything,
 * `unconfirmed` when it broke after, `local-io` when all went well but `onReply`
 * failed, `internal` when all went well but another callback threw.
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
  // Before the checks, so that the source is released whichever of them fails.
  const item = await itemOf(source, { ...options, retry: 0 });
  return await releasing([item], () => deliver(item, target, options));
}

async function deliver(
  item: Item,
  target: Target,
  options: SendRawOptions,
): Promise<RawReport> {
  const { signal, connectTimeout = CONNECT_TIMEOUT_MS } = options;
  const { idleTimeout, drainTimeout, limitRate, retry } = options;
  mustBePositive({ connectTimeout, idleTimeout, drainTimeout, limitRate });
  mustBeCounts({ retry });
  const callbacks = new CallbackGuard();
  const tell = (event: TransferEvent) => notify(event, options, callbacks);
  let report: RawReport;
  try {
    const onRetry = (retry: Retry) => tell({ event: "retry", ...retry });
    const conn = await retrying({ ...options, onRetry }, {
      attempt: () => connect(target, { connectTimeout, signal }),
    });
    report = await sendOver(conn, item, target, options, tell);
  } finally {
    await callbacks.settled(signal);
  }
  callbacks.rethrow();
  return report;
}

async function sendOver(
  conn: Duplex,
  item: Item,
  target: Target,
  options: SendRawOptions,
  tell: (event: TransferEvent) => void,
): Promise<RawReport> {
  const { signal } = options;
  const close = () => closeQuietly(conn);
  using _ = onAbort(signal, close);
  try {
    signal?.throwIfAborted();
    tell({ event: "connected" });
    signal?.throwIfAborted();
    const onProgress = (progress: Progress) =>
      tell({ event: "progress", ...progress });
    return await new RawSender(conn, item, { ...options, onProgress }).run();
  } catch (error) {
    signal?.throwIfAborted();
    throw failureOf(
      error,
      `${quote(item.entry.name)} to ${formatTarget(target)}`,
    );
  } finally {
    close();
  }
}

/** Composes the error for a raw transfer that failed once it was connected. */
function failureOf(error: unknown, what: string): TransferError {
  if (error instanceof Unconfirmed) {
    const { found } = asTransferError(error.cause, "internal", "end");
    return new TransferError("unconfirmed", {
      doing: `confirm ${what}`,
      found: `everything was sent, then ${found}`,
    }, { cause: error.cause, retriable: false });
  }
  if (error instanceof AnswerNotKept) {
    return new TransferError("local-io", {
      doing: `finish sending ${what}`,
      found: "everything was sent and closed cleanly, but the answer was not " +
        `kept (${reasonOf(error.cause)})`,
    }, { cause: error.cause });
  }
  const failure = asTransferError(error, "internal", "send");
  return new TransferError(
    failure.code,
    { doing: `deliver ${what}`, found: failure.found },
    { cause: failure, retriable: false },
  );
}
