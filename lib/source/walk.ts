/**
 * From paths to entries: directories with all that is in them.
 *
 * A directory comes after its content, so that its modification time is set
 * when nothing changes it any more.
 *
 * @module
 */

import { basename, join, resolve } from "node:path";
import { reasonOf, TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import type { Entry } from "../model/entry.ts";
import { faultOf } from "../model/name.ts";
import { timeOf } from "./file_time.ts";
import {
  bytesItem,
  directoryItem,
  fileItem,
  type Item,
  readerItem,
  type Source,
} from "./item.ts";
import { readerOf } from "./stream_reader.ts";

/** What is sent of paths, and how. */
export interface PathOptions {
  /** The name at the receiver instead of the path's last part. */
  name?: string;
  /** Whether permission bits go along. @default {false} */
  preserve?: boolean;
  /** Whether to leave out what no receiver can take. @default {false} */
  skipUnsendable?: boolean;
  /** Hears of everything that is left out, and why. */
  onSkip?: (path: string, reason: string) => void;
}

/**
 * Finds all that a path stands for.
 *
 * The path itself may be a symbolic link; links below it are left out. A pipe
 * or a device is sent as a stream of unknown length when it is named, and left
 * out below a directory; it is opened when it is first read.
 *
 * @param path A file or directory.
 * @param options What to announce and what to leave out.
 * @returns One item for a file; for a directory its content, then itself.
 * @throws {TransferError} `source` for what cannot be read, and for a name that
 * no receiver takes.
 */
export async function* walk(
  path: string,
  options: PathOptions = {},
): AsyncGenerator<Item> {
  const info = await look(path);
  const name = nameOf(path, options);
  if (info.isDirectory) {
    yield* walkDirectory(path, name, info, options);
  } else if (sendable(path, name, options)) {
    yield itemAt(path, name, info, options);
  }
}

/**
 * Makes the one item that a source stands for. Whether a receiver takes its
 * name is not judged: raw mode sends none.
 *
 * @param source A file's path, bytes, a reader, a stream or an iterable.
 * @param options The name; how often its last bytes may be asked for again.
 * @returns The item.
 * @throws {TransferError} `usage` for a directory, `source` for what cannot be
 * read.
 */
export async function itemOf(
  source: Source,
  options: PathOptions & { retry?: number },
): Promise<Item> {
  if (typeof source !== "string") {
    const entry = { kind: "file", name: options.name ?? "stdin" } as const;
    if (source instanceof Uint8Array) {
      return bytesItem(source, { ...entry, size: source.length });
    }
    const memory = options.retry ? undefined : SMALLEST_REPLAY_BYTES;
    if ("read" in source) return readerItem(source, entry, memory);
    const reader = readerOf(source);
    const release = (reason: unknown) => reader.release(reason);
    return { ...readerItem(reader, entry, memory), release };
  }
  const info = await look(source);
  if (!info.isDirectory) {
    return itemAt(source, nameOf(source, options), info, options);
  }
  throw new TransferError(
    "usage",
    `Cannot send ${quote(source)}: it is a directory, and this takes one file`,
  );
}

/** Bytes to remember where nobody will ask for them again. */
const SMALLEST_REPLAY_BYTES = 4_194_304;

function nameOf(path: string, options: PathOptions): string {
  return options.name ?? basename(resolve(path));
}

function itemAt(
  path: string,
  name: string,
  info: Deno.FileInfo,
  options: PathOptions,
): Item {
  if (!info.isFile) return pipeItem(path, name);
  return fileItem(
    path,
    { ...entryOf(name, info, options), kind: "file" },
    info,
  );
}

async function* walkDirectory(
  path: string,
  name: string,
  info: Deno.FileInfo,
  options: PathOptions,
): AsyncGenerator<Item> {
  if (!sendable(path, name, options)) return;
  for (const child of await list(path)) {
    const below = join(path, child);
    const belowName = `${name}/${child}`;
    const seen = await lookBelow(below, options);
    if (!seen) continue;
    if (seen.isDirectory) {
      yield* walkDirectory(below, belowName, seen, options);
    } else if (!seen.isFile) {
      const what = seen.isSymlink ? "a symbolic link" : "not a regular file";
      options.onSkip?.(below, `it is ${what}`);
    } else if (sendable(below, belowName, options)) {
      yield itemAt(below, belowName, seen, options);
    }
  }
  const { size: _, ...entry } = entryOf(name, info, options);
  yield directoryItem({ ...entry, kind: "directory" });
}

function entryOf(
  name: string,
  info: Deno.FileInfo,
  options: PathOptions,
): Omit<Entry, "kind"> {
  const { size, mode } = info;
  const mtime = timeOf(info.mtime);
  return {
    name,
    size,
    ...(mtime === undefined ? {} : { mtime }),
    ...(options.preserve && mode !== null ? { mode: mode & 0o777 } : {}),
  };
}

/** Opened by the first read: somebody may never write to it. */
function pipeItem(path: string, name: string): Item {
  let opening: Promise<Deno.FsFile> | undefined;
  const read = async (into: Uint8Array) => {
    opening ??= Deno.open(path);
    return await (await opening).read(into);
  };
  return {
    ...readerItem({ read }, { kind: "file", name }),
    release() {
      // What was never opened has failed already, for whoever read it.
      opening?.then((file) => file.close(), () => {});
    },
  };
}

function sendable(path: string, name: string, options: PathOptions): boolean {
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
    `Cannot send ${quote(path)}: its name ${fault}; ` +
      "rename it, or leave such files out with --skip-unsendable",
  );
}

/** Looks at an entry of a directory; `null` where its name has no path here. */
async function lookBelow(
  path: string,
  options: PathOptions,
): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (cause) {
    if (!isGarbled(path, cause)) throw unreadable(path, cause);
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

async function look(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** What is not UTF-8 arrives here with U+FFFD in its place, and is not found. */
function isGarbled(path: string, cause: unknown): boolean {
  return cause instanceof Deno.errors.NotFound && path.includes("\uFFFD");
}

function unreadable(path: string, cause: unknown): TransferError {
  const found = isGarbled(path, cause)
    ? "its name is not UTF-8"
    : cause instanceof Deno.errors.NotFound
    ? "there is no such file or directory"
    : reasonOf(cause);
  return new TransferError("source", `Cannot send ${quote(path)}: ${found}`, {
    cause,
  });
}
