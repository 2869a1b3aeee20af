/**
 * What can be sent: bytes in memory, something that can be read once, a
 * directory. Files are in file_item.ts.
 *
 * @module
 */

import { type Algorithm, Digest } from "../base/digest.ts";
import { asTransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import type { Entry } from "../model/entry.ts";
import type { ByteReader, Reading } from "./reader.ts";
import { ReplayBuffer } from "./replay_buffer.ts";

/**
 * Bytes to send: a file's path, or the bytes themselves in some form.
 *
 * A stream or an iterable is taken over: however the transfer ends, the stream
 * is cancelled and the iterable's `return()` called, which changes nothing for
 * one that was read to its end. A reader such as `Deno.stdin` or an open file
 * stays the caller's: it is neither closed nor cancelled.
 */
export type Source =
  | string
  | Uint8Array
  | ByteReader
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/**
 * Says how a reading begins that can go back to any offset.
 *
 * @param algorithm The algorithm of its origin's digest.
 * @returns The members of the reading that say so.
 */
export function fromStart(
  algorithm: Algorithm,
): Pick<Reading, "origin" | "maxRewind"> {
  const origin = { offset: 0, digest: new Digest(algorithm) };
  return { origin, maxRewind: Infinity };
}

/** One entry to send. */
export interface Item {
  /** What is announced. */
  readonly entry: Entry;
  /**
   * Opens it for reading.
   *
   * @param algorithm The algorithm of the digest that the origin is to have.
   * @returns A reading, which the caller disposes of.
   * @throws {TransferError} `source` when it cannot be opened,
   * `source-changed` when it is not what was announced.
   */
  open(algorithm: Algorithm): Promise<Reading>;
  /**
   * Closes or cancels what it reads from; never throws. It cannot be read
   * afterwards. Absent where there is nothing to close.
   *
   * @param reason Why the transfer failed, if it did.
   */
  release?(reason?: unknown): void;
}

/**
 * Runs an action on items and releases each of them once, however it ends.
 *
 * On abort: as the action.
 *
 * @typeParam T What the action returns.
 * @param items Not to be used afterwards.
 * @param act The action.
 * @returns What the action returned.
 * @throws What the action threw; the items are released with it as the reason.
 */
export async function releasing<T>(
  items: readonly Item[],
  act: () => Promise<T>,
): Promise<T> {
  let reason: unknown;
  try {
    return await act();
  } catch (error) {
    reason = error;
    throw error;
  } finally {
    for (const item of items) item.release?.(reason);
  }
}

/**
 * Makes an item of a directory: it has no bytes.
 *
 * @param entry What is announced.
 * @returns The item.
 */
export function directoryItem(entry: Entry): Item {
  return bytesItem(new Uint8Array(0), entry);
}

/**
 * Makes an item of bytes in memory.
 *
 * @param bytes They must not change before the transfer is over.
 * @param entry What is announced.
 * @returns The item.
 */
export function bytesItem(bytes: Uint8Array, entry: Entry): Item {
  return {
    entry,
    open(algorithm) {
      let at = 0;
      return Promise.resolve({
        ...fromStart(algorithm),
        seek(offset) {
          at = offset;
          return Promise.resolve();
        },
        read(into) {
          const piece = bytes.subarray(at, at + into.length);
          into.set(piece);
          at += piece.length;
          return Promise.resolve(piece.length || null);
        },
        verify: () => Promise.resolve(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
  };
}

/**
 * Makes an item of a source that can be read once.
 *
 * @param reader Where the bytes come from; it is not closed.
 * @param entry What is announced.
 * @param memory How many of the last bytes to keep for another attempt; 64 MiB
 * by default.
 * @returns The item.
 */
export function readerItem(
  reader: ByteReader,
  entry: Entry,
  memory?: number,
): Item {
  const buffer = new ReplayBuffer({
    read: (into) => typeReadErrors(entry.name, () => reader.read(into)),
  }, memory);
  return {
    entry,
    open: (algorithm) => Promise.try(() => buffer.open(algorithm)),
  };
}

/**
 * Runs a read of a source and says which source it was when that fails.
 *
 * @typeParam T What is read.
 * @param path The source's path or name, for the message.
 * @param read What reads.
 * @returns What that returned.
 * @throws {TransferError} `source`, unless what was thrown is typed already.
 */
export async function typeReadErrors<T>(
  path: string,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw asTransferError(error, "source", `read ${quote(path)}`);
  }
}
