/**
 * Waits on a peer that end in time.
 *
 * Deno has no timeout on a socket; what frees a pending `read()` or `write()`
 * is `close()`, which makes it reject with `Interrupted`. So every deadline
 * here closes its connection. Time is the monotonic clock: a change of the
 * date moves no deadline.
 *
 * @module
 */

import { MAX_DELAY_MS, onAbort } from "../base/abort.ts";
import { TransferError } from "../base/errors.ts";

/** Longest silence of a peer, in milliseconds, where nothing else was asked. */
export const IDLE_TIMEOUT_MS = 30_000;

/**
 * Longest time in all, in milliseconds, for a handshake, and again for HELLO
 * and the proofs. Nothing that a peer sends extends it, because it has proven
 * nothing yet. A guess: several lost packets on a slow link.
 */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** What a deadline needs of a connection. */
export type Closable = Pick<Deno.Conn, "close">;

/** What can be given up. */
export interface Abortable {
  /** Gives up: the connection is closed, and its reason is what is thrown. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs an operation on a connection and closes the connection if it takes too
 * long: that is what frees a pending `read()` or `write()` in Deno.
 *
 * On abort: the connection is closed and cannot be used again; rejects with the
 * signal's reason.
 *
 * @param conn The connection that the operation waits on.
 * @param limit The longest time in milliseconds; what is not above 0 has run
 * out already.
 * @param doing What is being done, for the message: "read the answer".
 * @param operation Starts the operation.
 * @param options A signal that ends it earlier.
 * @returns What the operation returned.
 * @throws {TransferError} `stalled` when time ran out.
 *
 * @example Bound a read
 * ```ts
 * import { readExactly, TransferError, withDeadline } from "@halfclose/halfclose";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const conn = await Deno.connect({ port: listener.addr.port });
 * const mute = await listener.accept();
 * const error = await assertRejects(
 *   () => withDeadline(conn, 20, "read the greeting", () =>
 *     readExactly(conn, new Uint8Array(3))),
 *   TransferError,
 * );
 * assertEquals(error.code, "stalled");
 * mute.close();
 * listener.close();
 * ```
 */
export async function withDeadline<T>(
  conn: Closable,
  limit: number,
  doing: string,
  operation: () => Promise<T>,
  options: Abortable = {},
): Promise<T> {
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    closeQuietly(conn);
  }, limit > 0 ? Math.min(limit, MAX_DELAY_MS) : 0);
  try {
    return await withSignal(conn, options, operation);
  } catch (error) {
    if (!expired) throw error;
    throw stalled(doing, `not done within ${limit / 1000} s`, error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs an operation on a connection and closes the connection when a signal is
 * aborted; then it rejects with the signal's reason.
 *
 * @param conn The connection that the operation waits on.
 * @param options The signal, if there is one.
 * @param operation Starts the operation.
 * @returns What the operation returned.
 */
export async function withSignal<T>(
  conn: Closable,
  { signal }: Abortable,
  operation: () => Promise<T>,
): Promise<T> {
  if (!signal) return await operation();
  if (signal.aborted) closeQuietly(conn);
  signal.throwIfAborted();
  using _ = onAbort(signal, () => closeQuietly(conn));
  try {
    return await operation();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/**
 * Closes a connection that something else may have closed already.
 *
 * @param conn The connection.
 */
export function closeQuietly(conn: Closable): void {
  try {
    conn.close();
  } catch (error) {
    // A deadline or an abort was faster: the descriptor is free already.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/**
 * The error of a wait that took too long.
 *
 * @param doing What was waited for.
 * @param found How long it took.
 * @param cause What the wait rejected with when it was freed.
 * @returns `stalled`.
 */
export function stalled(
  doing: string,
  found: string,
  cause: unknown,
): TransferError {
  return new TransferError("stalled", { doing, found }, { cause });
}
