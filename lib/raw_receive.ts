/**
 * Plain TCP from programs that know nothing of receipts.
 *
 * @module
 */

import { ENDING, hangUp } from "./conn.ts";
import { closeQuietly, IdleTimer, onAbort } from "./deadline.ts";
import { Digest } from "./digest.ts";
import { type Duplex, readSome } from "./duplex.ts";
import { asTransferError } from "./errors.ts";
import { type RawOptions, type RawReport, reportOf } from "./raw.ts";
import type { Sink } from "./sink.ts";

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
  options: RawOptions = {},
): Promise<RawReport> {
  const { signal, idleTimeout = 30_000 } = options;
  const close = () => closeQuietly(conn);
  using _ = onAbort(signal, close);
  try {
    signal?.throwIfAborted();
    const report = await take(conn, sink, options, idleTimeout);
    await hangUp(conn, ENDING);
    return report;
  } catch (error) {
    signal?.throwIfAborted();
    throw asTransferError(error, "internal", "receive");
  } finally {
    close();
  }
}

/** Block written to the disk at once; large ones cost the least (bench/). */
const BLOCK_BYTES = 4_194_304;

/** First block: many streams are short. */
const FIRST_BYTES = 65_536;

async function take(
  conn: Duplex,
  sink: Sink,
  options: RawOptions,
  idleTimeout: number,
): Promise<RawReport> {
  using idle = new IdleTimer(conn, idleTimeout);
  const digest = options.digest ? new Digest() : undefined;
  const draft = await sink.open({ kind: "file", name: "stdin" });
  let [block, other] = [new Uint8Array(FIRST_BYTES), new Uint8Array(0)];
  let bytes = 0, filled = 0, ended = false, busy = false;
  let writing: Promise<void> | undefined;
  try {
    while (!ended) {
      const into = block.subarray(filled);
      const count = await idle.guard("read", () => readSome(conn, into));
      ended = count === null;
      filled += count ?? 0;
      bytes += count ?? 0;
      // A short read means that nothing more is waiting: pass on what there is,
      // unless the disk has enough to do.
      const pause = count !== null && count < into.length && !busy;
      if (!ended && !pause && filled < block.length) continue;
      await writing;
      const piece = block.subarray(0, filled);
      busy = true;
      writing = draft.write(piece).finally(() => busy = false);
      writing.catch(() => {}); // awaited before the next one
      digest?.update(piece); // while the disk is busy with the same bytes
      options.onProgress?.({ phase: "receiving", bytes });
      if (other.buffer.byteLength < BLOCK_BYTES) {
        other = new Uint8Array(BLOCK_BYTES);
      }
      // Blocks end at multiples of their size, so that each of them can have
      // the largest pages that the file system gives.
      const rest = BLOCK_BYTES - bytes % BLOCK_BYTES;
      const next = new Uint8Array(other.buffer, 0, rest);
      [block, other, filled] = [next, block, 0];
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
