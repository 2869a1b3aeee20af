/**
 * What can be sent, and the proof that it held still meanwhile.
 *
 * @module
 */

import { Digest } from "../base/digest.ts";
import { asTransferError, TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import type { Entry } from "../model/entry.ts";
import { FileReader } from "./file_reader.ts";
import { timeOf } from "./file_time.ts";
import type { ByteReader, Reading } from "./reader.ts";
import { ReplayBuffer } from "./replay_buffer.ts";

/**
 * Bytes to send: a file's path, or the bytes themselves in some form.
 *
 * A stream or an iterable is taken over: however the transfer ends, the stream
 * is cancelled and the iterable's `return()` called, which at their end changes
 * nothing. A reader, `Deno.stdin` or an open file, stays the caller's: it is
 * neither closed nor cancelled.
 */
export type Source =
  | string
  | Uint8Array
  | ByteReader
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** How everything begins that can be read again from its start. */
const FROM_START = {
  origin: { offset: 0, digest: new Digest() },
  secureConnect: Infinity,
} as const;

/** One entry to send. */
export interface Item {
  /** What is announced. */
  readonly entry: Entry;
  /**
   * Begins to read it.
   *
   * @throws {TransferError} `source` when that is not possible,
   * `source-changed` when it is not what was announced.
   */
  open(): Promise<Reading>;
  /**
   * Lets go of what it holds, if it holds anything; never throws. It cannot be
   * read afterwards.
   *
   * @param reason Why the transfer failed, if it did.
   */
  release?(reason?: unknown): void;
}

/**
 * Does something with items and lets go of each of them, once, however that
 * ends.
 *
 * On abort: as what is done.
 *
 * @typeParam T What comes of it.
 * @param items Not to be used afterwards.
 * @param act What to do.
 * @returns What that returned.
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
    open() {
      let at = 0;
      return Promise.resolve({
        ...FROM_START,
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
 * Makes an item of something that can be read once.
 *
 * @param reader Where the bytes come from; it is not closed.
 * @param entry What is announced.
 * @param memory How many of the last bytes to remember for another attempt.
 * @returns The item.
 */
export function readerItem(
  reader: ByteReader,
  entry: Entry,
  memory?: number,
): Item {
  const buffer = new ReplayBuffer({
    read: (into) => reading(entry.name, () => reader.read(into)),
  }, memory);
  return { entry, open: () => Promise.try(() => buffer.open()) };
}

/**
 * Makes an item of a regular file.
 *
 * @param path Where it is.
 * @param entry What is announced; its size is what will be sent.
 * @param seen What the file looked like when it was announced.
 * @returns The item.
 */
export function fileItem(
  path: string,
  entry: Entry,
  seen: Deno.FileInfo,
): Item {
  return {
    entry,
    async open() {
      const file = await reading(path, () => Deno.open(path));
      const check = async () => {
        const now = await reading(path, () => file.stat());
        const change = changeBetween(seen, now);
        if (change) throw changed(path, change);
      };
      try {
        await check();
      } catch (error) {
        file.close();
        throw error;
      }
      const reader = new FileReader(file);
      let left = seen.size;
      return {
        ...FROM_START,
        async seek(offset) {
          await reading(path, () => file.seek(offset, Deno.SeekMode.Start));
          left = seen.size - offset;
        },
        async read(into) {
          if (left === 0) return null;
          const piece = into.subarray(0, Math.min(left, into.length));
          const count = await reading(path, () => reader.read(piece));
          if (count === null) throw changed(path, "it shrank");
          left -= count;
          return count;
        },
        async verify() {
          await check();
          // Files under /proc say that they are empty and are not.
          const beyond = seen.size === 0 &&
            await reading(path, () => file.read(new Uint8Array(1)));
          if (beyond) throw changed(path, "it is longer than it says");
        },
        [Symbol.asyncDispose]() {
          file.close();
          return Promise.resolve();
        },
      };
    },
  };
}

/** What differs between two looks at a file, if anything. */
function changeBetween(
  before: Deno.FileInfo,
  after: Deno.FileInfo,
): string | undefined {
  if (before.ino !== after.ino || before.dev !== after.dev) {
    return "another file has its name";
  }
  if (after.size < before.size) return "it shrank";
  if (after.size > before.size) return "it grew";
  if (timeOf(before.mtime) !== timeOf(after.mtime)) return "it was written to";
  // A rename over it, a link, other bits: its content is what it was.
  const handled = before.nlink !== after.nlink || before.mode !== after.mode ||
    before.uid !== after.uid || before.gid !== after.gid;
  if (timeOf(before.ctime) !== timeOf(after.ctime) && !handled) {
    return "it was moved, or written to and its time set back,";
  }
}

function changed(path: string, how: string): TransferError {
  return new TransferError(
    "source-changed",
    `Cannot send ${quote(path)}: ${how} while it was sent`,
  );
}

async function reading<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw asTransferError(error, "source", `read ${quote(path)}`);
  }
}
