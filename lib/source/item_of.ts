/**
 * One item of one source: what it is called and how it is read.
 *
 * Whether a receiver takes its name is not judged here: raw mode sends none.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { reasonOf, TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import type { Entry } from "../model/entry.ts";
import { fileItem, timeOf } from "./file_item.ts";
import { bytesItem, type Item, readerItem, type Source } from "./item.ts";
import { readerOf } from "./stream_reader.ts";

/** How an item is announced. */
export interface ItemOptions {
  /** The name at the receiver instead of the path's last part. */
  name?: string;
  /** Whether permission bits go along. @default {false} */
  preserve?: boolean;
}

/**
 * Bytes of a stream to remember where no attempt follows the first, in bytes.
 */
const SMALLEST_REPLAY_BYTES = 4_194_304;

/**
 * Makes the one item that a source stands for.
 *
 * @param source A file's path, bytes, a reader, a stream or an iterable.
 * @param options How to announce it, and how many attempts may follow the
 * first: without any, less of a stream is remembered.
 * @returns The item.
 * @throws {TransferError} `usage` for a directory, `source` for what cannot be
 * read.
 */
export async function itemOf(
  source: Source,
  options: ItemOptions & { retry?: number },
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
  const info = await statSource(source);
  if (!info.isDirectory) {
    return pathItem(source, nameOf(source, options), info, options);
  }
  throw new TransferError(
    "usage",
    {
      doing: `send ${quote(source)}`,
      found: "it is a directory, and this takes one file",
    },
  );
}

/**
 * Makes an item of a path that is not a directory: a file, or a pipe or a
 * device, which is a stream of unknown length.
 *
 * @param path The file, pipe or device.
 * @param name The name to announce.
 * @param info The path's metadata.
 * @param options Whether permission bits go along.
 * @returns The item.
 */
export function pathItem(
  path: string,
  name: string,
  info: Deno.FileInfo,
  options: ItemOptions,
): Item {
  if (!info.isFile) return pipeItem(path, name);
  const entry = { ...metadataOf(name, info, options), kind: "file" } as const;
  return fileItem(path, entry, info);
}

/** Opened by the first read: an open(2) waits until somebody writes to it. */
function pipeItem(path: string, name: string): Item {
  let opening: Promise<Deno.FsFile> | undefined;
  const read = async (into: Uint8Array) => {
    opening ??= Deno.open(path);
    return await (await opening).read(into);
  };
  return {
    ...readerItem({ read }, { kind: "file", name }),
    release() {
      // A failure to open it was thrown by the read that opened it.
      opening?.then((file) => file.close(), () => {});
    },
  };
}

/**
 * Names what a path stands for.
 *
 * @param path The path.
 * @param options A name that was chosen for it, if any.
 * @returns That name, or the last part of the path.
 */
export function nameOf(path: string, options: ItemOptions): string {
  return options.name ?? basename(resolve(path));
}

/**
 * Announces a file's or a directory's metadata.
 *
 * @param name The name to announce.
 * @param info The metadata.
 * @param options Whether permission bits go along.
 * @returns The entry, except for its kind.
 */
export function metadataOf(
  name: string,
  info: Deno.FileInfo,
  options: ItemOptions,
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

/**
 * Reads the metadata of a path that was named, through symbolic links.
 *
 * @param path The path.
 * @returns Its metadata.
 * @throws {TransferError} `source` when it cannot be read.
 */
export async function statSource(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/**
 * Says whether a path is not found because it is not UTF-8: the runtime then
 * has U+FFFD in place of each byte that it cannot decode.
 *
 * @param path The path, as the runtime gave it.
 * @param cause What its look-up threw.
 * @returns Whether that is the reason.
 */
export function isNotUtf8(path: string, cause: unknown): boolean {
  return cause instanceof Deno.errors.NotFound && path.includes("\uFFFD");
}

/**
 * The error of a path that cannot be read.
 *
 * @param path The path.
 * @param cause What the system threw.
 * @returns A `source` error with the reason.
 */
export function unreadable(path: string, cause: unknown): TransferError {
  const found = isNotUtf8(path, cause)
    ? "its name is not UTF-8"
    : cause instanceof Deno.errors.NotFound
    ? "there is no such file or directory"
    : reasonOf(cause);
  return new TransferError("source", { doing: `send ${quote(path)}`, found }, {
    cause,
  });
}
