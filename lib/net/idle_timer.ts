/**
 * Waits on a peer that end when nothing moves, however long they take in all.
 *
 * @module
 */

import { MAX_DELAY_MS } from "../base/abort.ts";
import { mustBePositive } from "../base/validate.ts";
import { type Closable, closeQuietly, stalled } from "./deadline.ts";

/**
 * Closes a connection when somebody waits on it and nothing moves.
 *
 * One timer for all reads and writes of a connection: a byte in either
 * direction is progress. It costs two clock readings an operation instead of a
 * timer each, and the monotonic clock makes it blind to changes of the date.
 *
 * @example Bound every wait of a conversation
 * ```ts
 * import { IdleTimer, TransferError } from "@halfclose/halfclose";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const conn = await Deno.connect({ port: listener.addr.port });
 * const mute = await listener.accept();
 * using idle = new IdleTimer(conn, 20);
 * const error = await assertRejects(
 *   () => idle.guard("read a reply", () => conn.read(new Uint8Array(8))),
 *   TransferError,
 * );
 * assertEquals(error.code, "stalled");
 * mute.close();
 * listener.close();
 * ```
 */
export class IdleTimer implements Disposable {
  readonly #conn: Closable;
  readonly #limit: number;
  #moved = 0;
  #waiting = 0;
  #expired = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Makes a timer that is not running yet.
   *
   * @param conn The connection to close when time runs out.
   * @param limit The longest silence in milliseconds, above 0.
   * @throws {TransferError} `usage` for a limit that is none.
   */
  constructor(conn: Closable, limit: number) {
    mustBePositive({ limit });
    this.#conn = conn;
    this.#limit = limit;
  }

  /**
   * Runs one wait on the peer under this timer.
   *
   * On abort: when time runs out the connection is closed.
   *
   * @param doing What is being waited for, for the message.
   * @param operation Starts the wait; when it resolves, something has moved.
   * @param moves Whether success is a sign of life of the peer. A write is not
   * where the peer is known to talk: the local kernel takes it, and one's own
   * heartbeats would keep a dead peer alive.
   * @returns What the operation returned.
   * @throws {TransferError} `stalled` when nothing moved for the limit.
   */
  async guard<T>(
    doing: string,
    operation: () => Promise<T>,
    moves = true,
  ): Promise<T> {
    if (this.#waiting++ === 0) this.#moved = performance.now();
    this.#timer ??= this.#wakeIn(this.#limit);
    try {
      const result = await operation();
      if (moves) this.#moved = performance.now();
      return result;
    } catch (error) {
      if (!this.#expired) throw error;
      throw stalled(doing, `nothing moved for ${this.#limit / 1000} s`, error);
    } finally {
      this.#waiting--;
    }
  }

  /** Says that something moved outside of a guarded wait. */
  moved(): void {
    this.#moved = performance.now();
  }

  #check(): void {
    this.#timer = undefined;
    if (this.#waiting === 0) return;
    const left = this.#moved + this.#limit - performance.now();
    if (left > 0) {
      this.#timer = this.#wakeIn(left);
    } else {
      this.#expired = true;
      closeQuietly(this.#conn);
    }
  }

  #wakeIn(delay: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#check(), Math.min(delay, MAX_DELAY_MS));
  }

  /** Stops the timer; the connection stays as it is. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
