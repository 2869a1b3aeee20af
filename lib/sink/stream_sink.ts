/**
 * A sink that passes one entry's bytes on as they come: stdout, a pipe, a
 * device.
 *
 * The bytes are passed on before the whole is checked: a program that reads
 * them must not trust them before this one exits with 0. Nothing is durable.
 *
 * @module
 */

import { asTransferError, TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import type { Draft, Sink } from "./sink.ts";

/** What this sink writes to: `Deno.stdout`, an open file, a pipe. */
export interface ByteWriter {
  /**
   * Writes some of the bytes, as `Deno.stdout` does.
   *
   * On abort: an aborted transfer waits for it.
   *
   * @param piece The bytes; they are valid until the promise resolves.
   * @returns How many were written. 0 counts as a failure.
   * @throws Anything when it cannot write. The transfer fails with a
   * `TransferError` as it is, and with `local-io` for any other
   * error, which is its cause.
   */
  write(piece: Uint8Array): Promise<number>;
}

/**
 * Makes a sink of a stream. It takes one file, whatever its name.
 *
 * @param to Where the bytes go. It is not closed.
 * @returns The sink.
 *
 * @example Collect what would go to stdout
 * ```ts
 * import { streamSink } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * let seen = 0;
 * const sink = streamSink({
 *   write: (piece) => Promise.resolve((seen += piece.length, piece.length)),
 * });
 * const draft = await sink.open({ kind: "file", name: "any" });
 * await draft.write(new Uint8Array(3));
 * assertEquals((await draft.commit()).durable, false);
 * assertEquals(seen, 3);
 * ```
 */
export function streamSink(to: ByteWriter): Sink {
  let taken: { name: string; transfer: string | undefined } | undefined;
  return {
    open(entry, transfer): Promise<Draft> {
      if (taken || entry.kind === "directory") {
        // A sender that comes back does not know whether its first attempt was
        // delivered, and neither does this side. An error that is not retried
        // would tell it that nothing was.
        const retriable = transfer !== undefined &&
          taken?.transfer === transfer && taken.name === entry.name;
        return Promise.reject(
          new TransferError(
            "rejected",
            {
              doing: `store ${quote(entry.name)}`,
              found: "the receiver writes one stream only",
            },
            { retriable },
          ),
        );
      }
      taken = { name: entry.name, transfer };
      return Promise.resolve({
        async write(piece) {
          try {
            let written = 0;
            while (written < piece.length) {
              const count = await to.write(piece.subarray(written));
              if (count === 0) throw new Error("it takes nothing any more");
              written += count;
            }
          } catch (error) {
            throw asTransferError(error, "local-io", "write to the stream");
          }
        },
        commit: () =>
          Promise.resolve({
            name: entry.name,
            durable: false,
            existing: false,
          }),
        abort: () => Promise.resolve(),
      });
    },
  };
}
