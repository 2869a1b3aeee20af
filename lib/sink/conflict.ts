/**
 * What becomes of a file whose name is taken: the one place that decides it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { MAX_PART_BYTES } from "../model/name.ts";

/**
 * What to do when the name is taken by other content. The same content is
 * never a conflict: it is success, reported as `existing`.
 *
 * - `refuse`: leave what is there and reject the entry.
 * - `replace`: put the new file in its place, in one step.
 * - `rename`: take the next free name, `a (1).bin` for `a.bin`.
 */
export type ConflictPolicy = "refuse" | "replace" | "rename";

/** A longer part behind the last dot is not an extension, in bytes. A guess. */
const MAX_EXTENSION_BYTES = 64;

/** Most names to try beside the first: more come from a loop somewhere. */
const MAX_RENAMES = 10_000;

/** What was found under the name that a file is to get. */
export type Found =
  | { kind: "nothing" }
  | { kind: "directory" }
  | {
    kind: "file";
    /** Its length in bytes. */
    size: number;
    /** How its content compares with the new file's. */
    content: "same" | "different" | "unknown";
  }
  /** A symbolic link, a socket, a device. */
  | { kind: "other" };

/**
 * What to do with the new file.
 *
 * - `create`: give it the name, which is free.
 * - `compare`: what is there may be the same file; its content decides.
 * - `existing`: store nothing: the same content has the name already.
 * - `replace`: put it in the place of what is there.
 * - `next-name`: try the next of {@linkcode candidates}.
 * - `reject`: leave what is there.
 */
export type Decision =
  | "create"
  | "compare"
  | "existing"
  | "replace"
  | "next-name"
  | "reject";

/**
 * Decides what becomes of a file, from what has its name.
 *
 * @param policy What was asked for.
 * @param wanted The new file; its size in bytes, where that is known.
 * @param found What has the name.
 * @returns What to do.
 */
export function decide(
  policy: ConflictPolicy,
  wanted: { readonly size?: number },
  found: Found,
): Decision {
  if (found.kind === "nothing") return "create";
  if (found.kind === "file") {
    const { size = found.size } = wanted;
    const content = size === found.size ? found.content : "different";
    if (content === "same") return "existing";
    if (content === "unknown") return "compare";
  }
  if (policy === "rename") return "next-name";
  // A directory may hold anything, and rename(2) puts no file in its place.
  const replaceable = found.kind !== "directory";
  return policy === "replace" && replaceable ? "replace" : "reject";
}

/**
 * Says what was found, from a file's metadata.
 *
 * @param info What lstat(2) says of the name; `null` where nothing has it.
 * @returns What was found; a file's content is unknown.
 */
export function foundAt(
  info: { isFile: boolean; isDirectory: boolean; size: number } | null,
): Found {
  if (!info) return { kind: "nothing" };
  if (info.isDirectory) return { kind: "directory" };
  if (!info.isFile) return { kind: "other" };
  return { kind: "file", size: info.size, content: "unknown" };
}

/**
 * Lists the names to try while the decision is `next-name`.
 *
 * @param name The file's own name, a single path component.
 * @returns The name itself, then `a (1).bin`, `a (2).bin` and so on; none is
 * longer than {@linkcode MAX_PART_BYTES}.
 */
export function* candidates(name: string): Generator<string> {
  yield name;
  const dot = name.lastIndexOf(".");
  const short = Buffer.byteLength(name.slice(dot)) <= MAX_EXTENSION_BYTES;
  const stem = dot > 0 && short ? name.slice(0, dot) : name;
  const extension = name.slice(stem.length);
  for (let count = 1; count <= MAX_RENAMES; count++) {
    const tail = ` (${count})${extension}`;
    yield beginningOf(stem, MAX_PART_BYTES - Buffer.byteLength(tail)) + tail;
  }
}

/** The longest beginning of whole characters that fits into so many bytes. */
function beginningOf(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const characters = [...text];
  while (Buffer.byteLength(characters.join("")) > bytes) characters.pop();
  return characters.join("");
}
