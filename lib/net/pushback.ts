/**
 * A connection whose first bytes were read already and are read once more.
 *
 * @module
 */

import type { Duplex } from "./duplex.ts";

/** Reads pushed-back bytes first, then the connection. */
export class Pushback implements Duplex {
  readonly #conn: Duplex;
  #head: Uint8Array;

  /**
   * Puts bytes in front of a connection.
   *
   * @param conn The connection.
   * @param head The bytes that were read from it.
   */
  constructor(conn: Duplex, head: Uint8Array) {
    this.#conn = conn;
    this.#head = head;
  }

  /** Reads those bytes first. */
  read(into: Uint8Array): Promise<number | null> {
    if (this.#head.length === 0) return this.#conn.read(into);
    const count = Math.min(this.#head.length, into.length);
    into.set(this.#head.subarray(0, count));
    this.#head = this.#head.subarray(count);
    return Promise.resolve(count);
  }

  /** As the connection's own. */
  write(bytes: Uint8Array): Promise<number> {
    return this.#conn.write(bytes);
  }

  /** As the connection's own. */
  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  /** As the connection's own. */
  close(): void {
    this.#conn.close();
  }
}
