/**
 * Plain TCP from programs that know nothing of receipts.
 *
 * @module
 */

import { onAbort } from "../base/abort.ts";
import { CallbackGuard } from "../base/callbacks.ts";
import { Digest } from "../base/digest.ts";
import { asTransferError, TransferError } from "../base/errors.ts";
import { mustBePositive } from "../base/validate.ts";
import { notify } from "../model/events.ts";
import type { Progress } from "../model/progress.ts";
import { closeQuietly, IDLE_TIMEOUT_MS } from "../net/deadline.ts";
import { type Duplex, readSome } from "../net/duplex.ts";
import { CLOSE_BOUNDS, hangUp } from "../net/half_close.ts";
import { IdleTimer } from "../net/idle_timer.ts";
import type { Sink } from "../sink/sink.ts";
import { BlockWriter } from "./block_writer.ts";
import { RawProgress } from "./progress.ts";
import { type RawOptions, type RawReport, reportOf } from "./report.ts";

/** Options of {@linkcode receiveRaw}. */
export interface ReceiveRawOptions extends RawOptions {
  /** Most bytes that are accepted. @default {Infinity} */
  maxSize?: number;
}

/**
 * Receives a plain stream until its end, half-closes, drains and closes. The end
 * of the stream counts as the end of the data, because plain TCP has no other
 * sign of it; a reset does not.
 *
 * On abort: the connection is dropped and nothing is kept.
 *
 * @param conn An accepted connection. This function owns it and closes it.
 * @param sink Where the one stream lands.
 * @param options Bounds and callbacks.
 * @returns What was received.
 * @throws {TransferError} `lost` or `stalled` when the stream was cut,
 * `local-io` when it could not be kept, `rejected` when it is too large or the
 * sink rejects it, `internal` when all went well but a callback threw.
 *
 * @example Take what `nc -N` sends
 * ```ts
 * import { memorySink, receiveRaw, sendRaw } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const { hostname, port } = listener.addr;
 * const sending = sendRaw(new Uint8Array(500), { hostname, port });
 * const sink = memorySink();
 * const report = await receiveRaw(await listener.accept(), sink);
 * assertEquals(report.bytes, 500);
 * assertEquals((await sending).clean, true);
 * listener.close();
 * ```
 */
export async function receiveRaw(
  conn: Duplex,
  sink: Sink,
  options: ReceiveRawOptions = {},
): Promise<RawReport> {
  mustBePositive({
    idleTimeout: options.idleTimeout,
    maxSize: options.maxSize,
  });
  const { signal, idleTimeout = IDLE_TIMEOUT_MS } = options;
  const close = () => closeQuietly(conn);
  const callbacks = new CallbackGuard();
  const onProgress = (progress: Progress) =>
    notify({ event: "progress", ...progress }, options, callbacks);
  using _ = onAbort(signal, close);
  let report: RawReport;
  try {
    signal?.throwIfAborted();
    report = await store(conn, sink, { ...options, idleTimeout, onProgress });
    await hangUp(conn, CLOSE_BOUNDS);
  } catch (error) {
    signal?.throwIfAborted();
    throw asTransferError(error, "internal", "receive");
  } finally {
    close();
    await callbacks.settled(signal);
  }
  callbacks.rethrow();
  return report;
}

/** Writes a stream to a draft, and commits that at the end of the stream. */
async function store(
  conn: Duplex,
  sink: Sink,
  options: ReceiveRawOptions & {
    idleTimeout: number;
    onProgress: (progress: Progress) => void;
  },
): Promise<RawReport> {
  using idle = new IdleTimer(conn, options.idleTimeout);
  const digest = options.digest ? new Digest("sha256") : undefined;
  const draft = await sink.open({ kind: "file", name: "stdin" });
  const writer = new BlockWriter(draft, digest);
  const progress = new RawProgress(options.onProgress);
  const read = () => idle.guard("read", () => readSome(conn, writer.free));
  try {
    for (let count; (count = await read()) !== null;) {
      mustFit(writer.total + count, options.maxSize);
      if (await writer.add(count)) progress.moved(writer.total);
    }
    await writer.end();
    progress.ended(writer.total);
    await draft.commit();
  } catch (error) {
    await writer.idle();
    await draft.abort();
    throw error;
  }
  return reportOf(writer.total, digest);
}

function mustFit(bytes: number, maxSize = Infinity): void {
  if (bytes <= maxSize) return;
  throw new TransferError(
    "rejected",
    {
      doing: "take the stream",
      found: `it has more than ${maxSize} bytes, the limit`,
    },
  );
}
