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
 * Only `read`, `write`, `closeWrite` and `close` are used. `conn.readable` and
 * `conn.writable` close the whole socket when their stream ends, so with them
 * there is no half-close. Works on TCP, Unix and TLS connections alike.
 *
 * @module
 */

import { closeQuietly, IdleTimer, withDeadline } from "./deadline.ts";
import { reasonOf, TransferError } from "./errors.ts";

/** What this module needs of a connection: any `Deno.Conn` has it. */
export type Duplex = Pick<
  Deno.Conn,
  "read" | "write" | "closeWrite" | "close"
>;

/** How long a wait on a peer may take. */
export interface Bounds {
  /** Longest time without a single byte from the peer, in milliseconds. */
  silence: number;
  /** Longest time in all, in milliseconds, however much the peer talks. */
  total: number;
}

/** How long an ending may take: the other side has nothing left to do. */
export const ENDING: Bounds = { silence: 2_000, total: 5_000 };

/**
 * Fills a buffer from a connection, and tells an end from a cut.
 *
 * On abort: closing the connection elsewhere rejects with `lost`; the bytes
 * read so far are gone.
 *
 * @param conn The connection to read from.
 * @param buffer Filled completely when the result is `true`.
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
        `Cannot read ${buffer.length} bytes: the peer ended after ${filled}`,
      );
    }
    filled += count;
  }
  return true;
}

/**
 * Reads what is there, up to the buffer's size.
 *
 * @param conn The connection to read from.
 * @param buffer Where the bytes go.
 * @returns How many bytes, at least one, or `null` at the peer's end.
 * @throws {TransferError} `lost` when the connection broke.
 */
export async function readSome(
  conn: Pick<Duplex, "read">,
  buffer: Uint8Array,
): Promise<number | null> {
  try {
    return await conn.read(buffer);
  } catch (error) {
    throw broken("read from the peer", error);
  }
}

/**
 * Writes all of a buffer; `conn.write` alone may take only a part.
 *
 * That it resolves means that the local kernel has the bytes, not that anybody
 * else does.
 *
 * On abort: closing the connection elsewhere rejects with `lost`; an unknown
 * part of the buffer was written.
 *
 * @param conn The connection to write to.
 * @param data The bytes. They must not change until this resolves.
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
  conn: Pick<Duplex, "write">,
  data: Uint8Array,
): Promise<void> {
  let written = 0;
  while (written < data.length) {
    written += await writeSome(conn, data.subarray(written));
  }
}

/**
 * Writes as much of a buffer as the kernel takes at once.
 *
 * @param conn The connection to write to.
 * @param data The bytes.
 * @returns How many of them were taken.
 * @throws {TransferError} `lost` when the connection broke.
 */
export async function writeSome(
  conn: Pick<Duplex, "write">,
  data: Uint8Array,
): Promise<number> {
  try {
    return await conn.write(data);
  } catch (error) {
    throw broken("write to the peer", error);
  }
}

/**
 * Reads to the peer's end and counts what it said.
 *
 * On abort: closing the connection elsewhere rejects with `lost`.
 *
 * @param conn The connection, usually half-closed by now.
 * @param bounds How long to wait, in silence and in all.
 * @param onData Sees each piece; it may not keep it.
 * @returns How many bytes came before the end.
 * @throws {TransferError} `stalled` when a bound was reached (the connection is
 * closed then), `lost` when the connection broke.
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
  using silence = new IdleTimer(conn, bounds.silence);
  const buffer = new Uint8Array(DRAIN_BUFFER_BYTES);
  const doing = "read to the end of the connection";
  return await withDeadline(conn, bounds.total, doing, async () => {
    let drained = 0;
    for (;;) {
      const count = await silence.guard(doing, () => readSome(conn, buffer));
      if (count === null) return drained;
      onData?.(buffer.subarray(0, count));
      drained += count;
    }
  });
}

/** Enough for one read of what a socket usually holds; drained bytes are few. */
const DRAIN_BUFFER_BYTES = 65_536;

/**
 * Hangs up in stages: half-close, read to EOF, close. Call it once everything
 * is written; the connection is closed when this settles, either way.
 *
 * On abort: closing the connection elsewhere rejects with `lost`.
 *
 * @param conn The connection to end.
 * @param bounds How long to wait for the peer's end.
 * @param onData Sees each piece that still arrives; it may not keep it.
 * @returns How many bytes the peer still said.
 * @throws {TransferError} `stalled` or `lost` as {@linkcode drain}: the peer's
 * end was not seen, so nobody knows what it read.
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

/**
 * Says "I have written everything" and keeps reading possible.
 *
 * @param conn The connection.
 * @throws {TransferError} `lost` when the connection broke.
 */
export async function halfClose(
  conn: Pick<Duplex, "closeWrite">,
): Promise<void> {
  try {
    await conn.closeWrite();
  } catch (error) {
    throw broken("end the sending side", error);
  }
}

/** Says in words what the kernel's error means for the bytes on the way. */
function broken(doing: string, cause: unknown): TransferError {
  return new TransferError("lost", `Cannot ${doing}: ${meaning(cause)}`, {
    cause,
  });
}

function meaning(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionReset) {
    return "the peer reset the connection, so what it had not read is lost";
  }
  if (error instanceof Deno.errors.BrokenPipe) {
    return "the peer closed the connection";
  }
  if (error instanceof Deno.errors.UnexpectedEof) {
    return "the encrypted connection was cut without its end mark";
  }
  if (
    error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.BadResource
  ) {
    return "the connection was closed on this side";
  }
  return reasonOf(error);
}
