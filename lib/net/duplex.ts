/**
 * One read, one write, one half-close, and what went wrong with it in words.
 *
 * Only `read`, `write`, `closeWrite` and `close` are used. `conn.readable` and
 * `conn.writable` close the whole socket when their stream ends, so with them
 * there is no half-close.
 *
 * @module
 */

import { reasonOf, TransferError } from "../base/errors.ts";

/** What a conversation needs of a connection: any `Deno.Conn` has it. */
export type Duplex = Pick<
  Deno.Conn,
  "read" | "write" | "closeWrite" | "close"
>;

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
  return new TransferError("lost", { doing, found: meaning(cause) }, {
    cause,
  });
}

function meaning(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionReset) {
    return "the peer reset the connection, so what was on the way is lost";
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
