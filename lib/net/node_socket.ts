/**
 * A `node:net` or `node:tls` socket with the four methods of a connection.
 *
 * `Deno.startTls` is a client only. Only `node:tls` can be a TLS server on a
 * connection that exists already, or tell which certificate a server showed.
 * This adapts its sockets to the rest of the program.
 *
 * Node's TLS socket reports a FIN without close_notify as an orderly end. That
 * does no harm here: the end of a stream never means that all bytes have come.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { Duplex as Stream } from "node:stream";
import type { Duplex } from "./duplex.ts";

/**
 * Most bytes handed over at once; each of them counts as movement on a slow
 * line. What TLS makes of them stays small enough for memory that the allocator
 * has at hand: larger pieces got fresh pages each time (bench:keyed).
 */
const WRITE_BYTES = 65_536;

/** Makes a socket a connection. */
export class NodeSocketConn implements Duplex {
  readonly #socket: Stream;
  readonly #onTaken: () => void;
  #rest: Uint8Array = new Uint8Array(0);
  #ended = false;
  #closed = false;
  #error: Error | undefined;
  #wake = Promise.withResolvers<void>();

  /**
   * Takes a socket over.
   *
   * @param socket A connected socket that nobody else reads.
   * @param onTaken Called when bytes were taken from the socket, and at its
   * end.
   */
  constructor(socket: Stream, onTaken: () => void = () => {}) {
    this.#socket = socket;
    this.#onTaken = onTaken;
    socket.on("readable", this.#onEvent);
    socket.on("finish", this.#onEvent);
    socket.on("drain", this.#onEvent);
    socket.on("end", this.#onEnd);
    socket.on("close", this.#onClose);
    socket.on("error", this.#onError);
  }

  readonly #onEvent = () => {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  };

  readonly #onEnd = () => {
    this.#ended = true;
    this.#onEvent();
  };

  readonly #onClose = () => {
    this.#closed = true;
    this.#onEvent();
  };

  readonly #onError = (error: Error) => {
    this.#error ??= translated(error);
    this.#onEvent();
  };

  /** Reads what is there. */
  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      const chunk = this.#rest.length > 0 ? this.#rest : this.#take();
      if (chunk) {
        const count = Math.min(chunk.length, into.length);
        into.set(chunk.subarray(0, count));
        this.#rest = chunk.subarray(count);
        return count;
      }
      if (this.#error) throw this.#error;
      if (this.#ended) return null;
      if (this.#closed) throw closedHere();
      await this.#wake.promise;
    }
  }

  #take(): Uint8Array | null {
    const piece = this.#closed ? null : this.#socket.read();
    if (piece) this.#onTaken();
    return piece;
  }

  /** Writes a part; resolves when the socket has passed it on. */
  async write(bytes: Uint8Array): Promise<number> {
    if (this.#error) throw this.#error;
    if (this.#closed) throw closedHere();
    const piece = bytes.subarray(0, WRITE_BYTES);
    let written = false;
    this.#socket.write(piece, () => {
      written = true;
      this.#onEvent();
    });
    while (!written && !this.#error && !this.#closed) await this.#wake.promise;
    if (this.#error) throw this.#error;
    if (!written) throw closedHere();
    return piece.length;
  }

  /** Ends this direction; reading goes on. */
  async closeWrite(): Promise<void> {
    if (this.#closed) return;
    this.#socket.end();
    while (!this.#socket.writableFinished) {
      // Once the peer has ended too there is nobody to wait for.
      if (this.#ended || this.#closed || this.#error) return;
      await this.#wake.promise;
    }
  }

  /**
   * Puts bytes back, to be read again.
   *
   * @param bytes The bytes that were read last.
   */
  unread(bytes: Uint8Array): void {
    this.#rest = concat([bytes, this.#rest]);
  }

  /** Frees the descriptor; pending reads and writes reject. */
  close(): void {
    this.#socket.destroy();
    this.#closed = true;
    this.#onEvent();
    this.#onTaken();
  }

  /** Gives the socket back, with the bytes in it that were not yet read. */
  release(): Stream {
    const socket = this.#socket;
    socket.off("readable", this.#onEvent);
    socket.off("finish", this.#onEvent);
    socket.off("drain", this.#onEvent);
    socket.off("end", this.#onEnd);
    socket.off("close", this.#onClose);
    if (this.#rest.length > 0) socket.unshift(this.#rest);
    this.#closed = true; // here; close() still frees it
    return socket;
  }
}

function closedHere(): Error {
  return new Deno.errors.Interrupted("operation canceled");
}

/** The same error as one of the runtime's own classes. */
function translated(error: Error): Error {
  const { code } = error as { code?: string };
  const options = { cause: error };
  switch (code) {
    case "ECONNRESET":
      return new Deno.errors.ConnectionReset(error.message, options);
    case "EPIPE":
      return new Deno.errors.BrokenPipe(error.message, options);
    default:
      return error;
  }
}
