/**
 * Ending a TCP conversation without losing its last bytes.
 *
 * `close()` on a socket that holds unread input answers the peer with RST
 * instead of FIN (RFC 9293 section 3.6.1, RFC 2525 section 2.17), and a peer
 * that receives RST throws away what we sent and it has not read yet. So the
 * order is: write everything, `closeWrite()`, read to EOF, `close()`. Each of
 * the waits in it is bounded twice, by silence and in total, as nginx bounds
 * its lingering close.
 *
 * Works on TCP, Unix and TLS connections alike.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import { mustBePositive } from "../base/validate.ts";
import {
  type Abortable,
  closeQuietly,
  withDeadline,
  withSignal,
} from "./deadline.ts";
import { type Duplex, halfClose, readSome, writeSome } from "./duplex.ts";
import { IdleTimer } from "./idle_timer.ts";

/** How long a wait on a peer may take, and how much may come meanwhile. */
export interface Bounds extends Abortable {
  /** Longest time without a single byte from the peer, in milliseconds. */
  silence: number;
  /** Longest time in all, in milliseconds, however much the peer talks. */
  total: number;
  /** Most bytes to take from the peer. @default {Infinity} */
  bytes?: number;
}

/** How long closing may take: the peer has nothing left to do. */
export const CLOSE_BOUNDS: Bounds = { silence: 2_000, total: 5_000 };

/**
 * The same for a peer that was rejected. An HTTP client reads the reason only
 * after it has sent its body: one of a megabyte is still read, and a peer that
 * sends more costs no more than that.
 */
export const REJECTION_BOUNDS: Bounds = { ...CLOSE_BOUNDS, bytes: 1_048_576 };

/**
 * Fills a buffer from a connection, and tells an end from a cut.
 *
 * On abort: the connection is closed; the bytes read so far are gone.
 *
 * @param conn The connection to read from.
 * @param buffer Filled completely when the result is `true`.
 * @param options A signal that ends the wait.
 * @returns `true` when full, `false` when the peer ended before the first byte.
 * @throws {TransferError} `lost` when the peer ended inside, or reset.
 *
 * @example Read a four-byte length
 * ```ts
 * import { readExactly } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const conn = await Deno.connect({ port: listener.addr.port });
 * const peer = await listener.accept();
 * await peer.write(new Uint8Array([0, 0, 0, 5]));
 * peer.close();
 * const length = new Uint8Array(4);
 * assertEquals(await readExactly(conn, length), true);
 * assertEquals(await readExactly(conn, length), false); // a clean end
 * conn.close();
 * listener.close();
 * ```
 */
export async function readExactly(
  conn: Pick<Duplex, "read" | "close">,
  buffer: Uint8Array,
  options: Abortable = {},
): Promise<boolean> {
  return await withSignal(conn, options, () => fill(conn, buffer));
}

async function fill(
  conn: Pick<Duplex, "read">,
  buffer: Uint8Array,
): Promise<boolean> {
  let filled = 0;
  while (filled < buffer.length) {
    const count = await readSome(conn, buffer.subarray(filled));
    if (count === null && filled === 0) return false;
    if (count === null) {
      throw new TransferError(
        "lost",
        {
          doing: `read ${buffer.length} bytes`,
          found: `the peer ended after ${filled}`,
        },
      );
    }
    filled += count;
  }
  return true;
}

/**
 * Writes all of a buffer; `conn.write` alone may take only a part.
 *
 * That it resolves means that the local kernel has the bytes, not that anybody
 * else does.
 *
 * On abort: the connection is closed; an unknown part was written.
 *
 * @param conn The connection to write to.
 * @param data The bytes. They must not change until this resolves.
 * @param options A signal that ends the wait.
 * @throws {TransferError} `lost` when the connection broke.
 *
 * @example Write and half-close
 * ```ts
 * import { hangUp, writeAll } from "@halfclose/halfclose";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const conn = await Deno.connect({ port: listener.addr.port });
 * const peer = await listener.accept();
 * await writeAll(conn, new TextEncoder().encode("hello"));
 * const bounds = { silence: 1_000, total: 5_000 };
 * await Promise.all([hangUp(conn, bounds), hangUp(peer, bounds)]);
 * listener.close();
 * ```
 */
export async function writeAll(
  conn: Pick<Duplex, "write" | "close">,
  data: Uint8Array,
  options: Abortable = {},
): Promise<void> {
  await withSignal(conn, options, async () => {
    let written = 0;
    while (written < data.length) {
      written += await writeSome(conn, data.subarray(written));
    }
  });
}

/**
 * Reads to the peer's end and counts what it said.
 *
 * On abort: the connection is closed.
 *
 * @param conn The connection, usually half-closed by now.
 * @param bounds How long to wait, in silence and in all, and for how many
 * bytes; a signal that ends it.
 * @param onData Sees each piece; it may not keep it.
 * @returns How many bytes came before the end.
 * @throws {TransferError} `stalled` when time ran out, `protocol` when more
 * came than was to be taken (the connection is closed then), `lost` when it
 * broke, `usage` for a bound that is not above 0 (nothing was read then).
 *
 * @example Wait for the peer to finish
 * ```ts
 * import { drain } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const conn = await Deno.connect({ port: listener.addr.port });
 * const peer = await listener.accept();
 * await peer.write(new Uint8Array(300));
 * peer.close();
 * assertEquals(await drain(conn, { silence: 1_000, total: 5_000 }), 300);
 * conn.close();
 * listener.close();
 * ```
 */
export async function drain(
  conn: Pick<Duplex, "read" | "close">,
  bounds: Bounds,
  onData?: (piece: Uint8Array) => void,
): Promise<number> {
  mustBePositive({
    silence: bounds.silence,
    total: bounds.total,
    bytes: bounds.bytes,
  });
  using silence = new IdleTimer(conn, bounds.silence);
  const buffer = new Uint8Array(DRAIN_BUFFER_BYTES);
  const doing = "read to the end of the connection";
  const { bytes: most = Infinity } = bounds;
  let drained = 0;
  await withDeadline(conn, bounds.total, doing, async () => {
    for (;;) {
      const count = await silence.guard(doing, () => readSome(conn, buffer));
      if (count === null) return;
      onData?.(buffer.subarray(0, count));
      drained += count;
      if (drained > most) throw talkative(conn, most);
    }
  }, bounds);
  return drained;
}

function talkative(conn: Pick<Duplex, "close">, most: number): TransferError {
  closeQuietly(conn);
  return new TransferError(
    "protocol",
    {
      doing: "read to the end of the connection",
      found: `the peer said more than ${most} bytes`,
    },
  );
}

/**
 * Enough for one read of what a socket usually holds; drained bytes are few.
 */
const DRAIN_BUFFER_BYTES = 65_536;

/**
 * Hangs up in stages: half-close, read to EOF, close. Call it once everything
 * is written; the connection is closed when this settles, either way.
 *
 * On abort: the connection is closed, as it is in any case.
 *
 * @param conn The connection to end.
 * @param bounds How long to wait for the peer's end; a signal that ends it.
 * @param onData Sees each piece that still arrives; it may not keep it.
 * @returns How many bytes the peer still said.
 * @throws {TransferError} `stalled`, `protocol` or `lost` as {@linkcode drain}:
 * the peer's end was not seen, so nobody knows what it read. `usage` as there,
 * and the connection is closed all the same.
 *
 * @example The last line of a protocol of your own
 * ```ts
 * import { hangUp } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const conn = await Deno.connect({ port: listener.addr.port });
 * const peer = await listener.accept();
 * await peer.write(new TextEncoder().encode("220 Welcome\r\n"));
 * peer.close();
 * assertEquals(await hangUp(conn, { silence: 1_000, total: 5_000 }), 13);
 * listener.close();
 * ```
 */
export async function hangUp(
  conn: Duplex,
  bounds: Bounds,
  onData?: (piece: Uint8Array) => void,
): Promise<number> {
  try {
    await halfClose(conn);
    return await drain(conn, bounds, onData);
  } finally {
    closeQuietly(conn);
  }
}
