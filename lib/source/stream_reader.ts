/**
 * A stream or an iterable, read in pieces of the length that the reader wants,
 * and cancelled when it is not read to its end.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import type { ByteReader } from "./reader.ts";

/** A reader of a source that is to be released when it is read no more. */
export interface HeldReader extends ByteReader {
  /**
   * Cancels the stream, or calls the iterable's `return()`. A read that is
   * still pending rejects at once, and so does every later one.
   *
   * @param reason Why, for a stream's `cancel()`.
   */
  release(reason?: unknown): void;
}

/** What a stream's `read()` and an iterator's `next()` give. */
type Chunk = { done?: boolean | undefined; value?: Uint8Array };

/** A stream's reader or an iterator. */
interface Chunks {
  next(): Promise<Chunk>;
  release(reason: unknown): void;
}

/**
 * Locks a stream, or begins with an iterable; nothing is read yet.
 *
 * @param source Where the bytes come from, in chunks of any size.
 * @returns A reader of its bytes.
 * @throws {TransferError} `source` for a stream that is locked already.
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
      released = new Error("the stream was cancelled before its end");
      rest = new Uint8Array(0);
      // Before it is cancelled: a pending read of a stream that is cancelled
      // resolves as at its end, and no transfer may take that for the end.
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
      // A stream that failed rejects this with the error that its read threw.
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
        // The transfer has ended: a failure of the iterator's clean-up does not
        // change how.
      }
    },
  };
}
