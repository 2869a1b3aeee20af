/**
 * A file to send, and the check that nobody changed it while it was read.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import type { Entry } from "../model/entry.ts";
import { FileReader } from "./file_reader.ts";
import { fromStart, type Item, typeReadErrors } from "./item.ts";

/**
 * Makes an item of a regular file.
 *
 * @param path The file.
 * @param entry What is announced of it; its size is what will be sent.
 * @param seen The file's metadata when it was announced.
 * @returns The item.
 */
export function fileItem(
  path: string,
  entry: Entry,
  seen: Deno.FileInfo,
): Item {
  return {
    entry,
    async open(algorithm) {
      const file = await typeReadErrors(path, () => Deno.open(path));
      const check = async () => {
        const now = await typeReadErrors(path, () => file.stat());
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
        ...fromStart(algorithm),
        async seek(offset) {
          await typeReadErrors(
            path,
            () => file.seek(offset, Deno.SeekMode.Start),
          );
          left = seen.size - offset;
        },
        async read(into) {
          if (left === 0) return null;
          const piece = into.subarray(0, Math.min(left, into.length));
          const count = await typeReadErrors(path, () => reader.read(piece));
          if (count === null) throw changed(path, "it shrank");
          left -= count;
          return count;
        },
        async verify() {
          await check();
          // Files of /proc have a size of 0 and are not empty: proc(5).
          const beyond = seen.size === 0 &&
            await typeReadErrors(path, () => file.read(new Uint8Array(1)));
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

/** What changed between two stat(2) of a file, if anything. */
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
  // A new link, a rename over it or a chmod moves ctime and not its content.
  const relinked = before.nlink !== after.nlink || before.mode !== after.mode ||
    before.uid !== after.uid || before.gid !== after.gid;
  if (timeOf(before.ctime) !== timeOf(after.ctime) && !relinked) {
    return "it was moved, or written to and its time set back,";
  }
}

function changed(path: string, how: string): TransferError {
  return new TransferError(
    "source-changed",
    { doing: `send ${quote(path)}`, found: `${how} while it was sent` },
  );
}

/**
 * Reads a file's `mtime` or `ctime`. Some file systems hold times that no
 * `Date` can: it is invalid then, and its NaN differs even from itself.
 *
 * @param date What the runtime says.
 * @returns Milliseconds since 1970, or `undefined` where the time is unknown.
 */
export function timeOf(date: Date | null | undefined): number | undefined {
  const time = date?.getTime();
  return Number.isNaN(time) ? undefined : time;
}
