/**
 * A stream or an iterable, read in the pieces that are asked for, and let go of
 * when nobody reads it any more.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import type { ByteReader } from "./reader.ts";

/** A reader that holds on to what it reads. */
export interface HeldReader extends ByteReader {
  /**
   * Lets go of it, at once: a read that is still pending rejects, and so does
   * every later one.
   *
   * @param reason Why, for a stream's `cancel()`.
   */
  release(reason?: unknown): void;
}

/** One answer of a stream or an iterable. */
type Chunk = { done?: boolean | undefined; value?: Uint8Array };

/** What the two have in common. */
interface Chunks {
  next(): Promise<Chunk>;
  release(reason: unknown): void;
}

/**
 * Takes hold of a stream or an iterable; nothing is read yet.
 *
 * @param source Where the bytes come from, in pieces of any size.
 * @returns The same as a reader.
 * @throws {TransferError} `source` for a stream that somebody else reads.
 */
export function readerOf(
  source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
): HeldReader {
  const chunks = source instanceof ReadableStream
    ? chunksOfStream(source)
    : chunksOfIterable(source);
  let rest = new Uint8Array(0) as Uint8Array;
  let released: Error | undefined;
  let leave: (why: Error) => void = () => {};
  const next = () =>
    new Promise<Chunk>((resolve, reject) => {
      if (released) return reject(released);
      leave = reject;
      chunks.next().then(resolve, reject);
    });
  return {
    async read(into) {
      while (rest.length === 0) {
        const { done, value } = await next();
        if (done) return null;
        rest = value!;
      }
      const piece = rest.subarray(0, into.length);
      into.set(piece);
      rest = rest.subarray(piece.length);
      return piece.length;
    },
    release(reason) {
      released = new Error("it was let go of before its end");
      rest = new Uint8Array(0);
      // First of all: a stream that is cancelled ends as if it were complete,
      // and no transfer may believe that.
      leave(released);
      chunks.release(reason);
    },
  };
}

function chunksOfStream(stream: ReadableStream<Uint8Array>): Chunks {
  if (stream.locked) {
    throw new TransferError(
      "source",
      {
        doing: "read the stream",
        found: "it is locked, so somebody else reads it",
      },
    );
  }
  const reader = stream.getReader();
  return {
    next: () => reader.read(),
    release(reason) {
      // A stream that failed fails again here; whoever read it has heard of it.
      reader.cancel(reason).catch(() => {});
      reader.releaseLock();
    },
  };
}

function chunksOfIterable(iterable: AsyncIterable<Uint8Array>): Chunks {
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    next: async () => await iterator.next(),
    async release() {
      try {
        await iterator.return?.();
      } catch {
        // What it does to clean up is its own affair: how the transfer went is
        // known by now.
      }
    },
  };
}
