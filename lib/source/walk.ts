/**
 * All items that a path stands for: a directory with everything in it.
 *
 * A directory comes after its content: the receiver sets its modification time
 * when no more files are added to it.
 *
 * @module
 */

import { join } from "node:path";
import { TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import { faultOf } from "../model/name.ts";
import { directoryItem, type Item } from "./item.ts";
import {
  isNotUtf8,
  metadataOf,
  nameOf,
  pathItem,
  statSource,
  unreadable,
} from "./item_of.ts";

/** What is sent of paths, and how it is announced. */
export interface PathOptions {
  /** The name at the receiver instead of the path's last part. */
  name?: string;
  /** Whether permission bits go along. @default {false} */
  preserve?: boolean;
  /** Whether to leave out names that no receiver takes. @default {false} */
  skipUnsendable?: boolean;
  /** Called for everything that is left out, with the reason. */
  onSkip?: (path: string, reason: string) => void;
}

/**
 * Finds all that a path stands for.
 *
 * The path itself may be a symbolic link; links below it are left out. A pipe
 * or a device is sent as a stream of unknown length when it is named, and left
 * out below a directory; it is opened when it is first read.
 *
 * @param path A file, a directory, a pipe or a device.
 * @param options What to announce and what to leave out.
 * @returns One item for a file; for a directory its content, then itself.
 * @throws {TransferError} `source` for what cannot be read, and for a name that
 * no receiver takes.
 */
export async function* walk(
  path: string,
  options: PathOptions = {},
): AsyncGenerator<Item> {
  const info = await statSource(path);
  const name = nameOf(path, options);
  if (info.isDirectory) {
    yield* walkDirectory(path, name, info, options);
  } else if (isSendable(path, name, options)) {
    yield pathItem(path, name, info, options);
  }
}

async function* walkDirectory(
  path: string,
  name: string,
  info: Deno.FileInfo,
  options: PathOptions,
): AsyncGenerator<Item> {
  if (!isSendable(path, name, options)) return;
  for (const child of await list(path)) {
    const below = join(path, child);
    const belowName = `${name}/${child}`;
    const seen = await lstatChild(below, options);
    if (!seen) continue;
    if (seen.isDirectory) {
      yield* walkDirectory(below, belowName, seen, options);
    } else if (!seen.isFile) {
      const what = seen.isSymlink ? "a symbolic link" : "not a regular file";
      options.onSkip?.(below, `it is ${what}`);
    } else if (isSendable(below, belowName, options)) {
      yield pathItem(below, belowName, seen, options);
    }
  }
  const { size: _, ...entry } = metadataOf(name, info, options);
  yield directoryItem({ ...entry, kind: "directory" });
}

function isSendable(path: string, name: string, options: PathOptions): boolean {
  const fault = faultOf(name);
  if (fault === undefined) return true;
  leaveOut(path, fault, options);
  return false;
}

function leaveOut(path: string, fault: string, options: PathOptions): void {
  if (options.skipUnsendable) {
    return options.onSkip?.(path, `its name ${fault}`);
  }
  throw new TransferError(
    "source",
    {
      doing: `send ${quote(path)}`,
      found: `its name ${fault}; rename it, or leave such files out with ` +
        "--skip-unsendable",
    },
  );
}

/** Reads a child's metadata; `null` where its name is not UTF-8, left out. */
async function lstatChild(
  path: string,
  options: PathOptions,
): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (cause) {
    if (!isNotUtf8(path, cause)) throw unreadable(path, cause);
    leaveOut(path, "is not UTF-8", options);
    return null;
  }
}

async function list(path: string): Promise<string[]> {
  try {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(path)) names.push(name);
    return names.sort();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
