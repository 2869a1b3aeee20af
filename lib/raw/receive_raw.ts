/**
 * Plain TCP from programs that know nothing of receipts.
 *
 * @module
 */

import { onAbort } from "../base/abort.ts";
import { Digest } from "../base/digest.ts";
import { asTransferError, TransferError } from "../base/errors.ts";
import { mustBePositive } from "../base/validate.ts";
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
  /** Most bytes that are taken. @default {Infinity} */
  maxSize?: number;
}

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
 * `local-io` when it could not be kept, `rejected` when it is too large or the
 * sink will not have it.
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
  using _ = onAbort(signal, close);
  try {
    signal?.throwIfAborted();
    const report = await take(conn, sink, options, idleTimeout);
    await hangUp(conn, CLOSE_BOUNDS);
    return report;
  } catch (error) {
    signal?.throwIfAborted();
    throw asTransferError(error, "internal", "receive");
  } finally {
    close();
  }
}

async function take(
  conn: Duplex,
  sink: Sink,
  options: ReceiveRawOptions,
  idleTimeout: number,
): Promise<RawReport> {
  using idle = new IdleTimer(conn, idleTimeout);
  const digest = options.digest ? new Digest() : undefined;
  const draft = await sink.open({ kind: "file", name: "stdin" });
  const to = new BlockWriter(draft, digest);
  const progress = new RawProgress(options.onProgress);
  const read = () => idle.guard("read", () => readSome(conn, to.room));
  try {
    for (let count; (count = await read()) !== null;) {
      mustFit(to.total + count, options.maxSize);
      if (await to.took(count)) progress.moved(to.total);
    }
    await to.end();
    progress.ended(to.total);
    await draft.commit();
  } catch (error) {
    await to.idle();
    await draft.abort();
    throw error;
  }
  return reportOf(to.total, digest);
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
