/**
 * The stream that `node:tls` wants below it, made of a connection.
 *
 * @module
 */

import { Duplex as Stream } from "node:stream";
import type { Duplex } from "../net/duplex.ts";
import { writeAll } from "../net/half_close.ts";
import { NodeSocketConn } from "../net/node_socket.ts";

/** Read at once, in bytes: four records of TLS. */
const READ_BYTES = 65_536;

/**
 * Stops reading the connection while enough decrypted bytes wait above: without
 * it the runtime's TLS reads on, however much that is (seen in Deno 2.9.6).
 */
export class ReadGate {
  /** The stream that holds the decrypted bytes. */
  above: Stream | undefined;
  #wake = () => {};

  /** Says that some of those bytes were taken, or that the stream has ended. */
  readonly open = (): void => this.#wake();

  /** Resolves when the stream above has room for more, or is destroyed. */
  async room(): Promise<void> {
    while (this.above && !this.above.destroyed && isFull(this.above)) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

function isFull(stream: Stream): boolean {
  return stream.readableLength >= stream.readableHighWaterMark;
}

/**
 * Makes a stream of a connection.
 *
 * @param under The connection, taken over.
 * @param gate Says when to read more of it.
 * @returns The stream; destroying it closes the connection.
 */
export function streamOf(
  under: NodeSocketConn | Duplex,
  gate: ReadGate,
): Stream {
  if (under instanceof NodeSocketConn) return under.release();
  return new Stream({
    allowHalfOpen: true,
    read() {
      const buffer = new Uint8Array(READ_BYTES);
      gate.room().then(() => under.read(buffer)).then(
        (count) => this.push(count === null ? null : buffer.subarray(0, count)),
        (error) => this.destroy(error),
      );
    },
    write(chunk: Uint8Array, _encoding, done) {
      writeAll(under, chunk).then(() => done(), done);
    },
    final(done) {
      under.closeWrite().then(() => done(), done);
    },
    destroy(error, done) {
      under.close();
      done(error);
    },
  });
}
