/**
 * What becomes of a file whose name is taken.
 *
 * @module
 */

import { byteLength, MAX_PART_BYTES } from "../model/name.ts";

/**
 * What to do when the name is taken by other content. The same content is
 * never a conflict: it is success, reported as `existing`.
 *
 * - `refuse`: leave what is there and reject the entry.
 * - `replace`: put the new file in its place, in one step.
 * - `rename`: take the next free name, `a (1).bin` for `a.bin`.
 */
export type ConflictPolicy = "refuse" | "replace" | "rename";

/**
 * The names to try, in order, under a policy.
 *
 * @param name The file's own name, a single path component.
 * @param policy What to do when it is taken.
 * @returns At least one name; many for `rename`.
 */
export function* candidates(
  name: string,
  policy: ConflictPolicy,
): Generator<string> {
  yield name;
  if (policy !== "rename") return;
  const dot = name.lastIndexOf(".");
  const short = byteLength(name.slice(dot)) <= MAX_EXTENSION_BYTES;
  const stem = dot > 0 && short ? name.slice(0, dot) : name;
  const extension = name.slice(stem.length);
  for (let count = 1; count <= MAX_RENAMES; count++) {
    const tail = ` (${count})${extension}`;
    yield shortened(stem, MAX_PART_BYTES - byteLength(tail)) + tail;
  }
}

/** As many whole characters from the front as fit. */
function shortened(text: string, bytes: number): string {
  if (byteLength(text) <= bytes) return text;
  const characters = [...text];
  while (byteLength(characters.join("")) > bytes) characters.pop();
  return characters.join("");
}

/** What is longer is no extension, but a name with a dot in it. A guess. */
const MAX_EXTENSION_BYTES = 64;

/** A name taken this often is a loop somewhere, not a collection. */
const MAX_RENAMES = 10_000;
