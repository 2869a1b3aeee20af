/**
 * Files that are too large to hold in memory.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** Writes random megabytes; their SHA-256. */
export async function fill(path: string, megabytes: number): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.create(path);
  const piece = new Uint8Array(1_000_000);
  for (let n = 0; n < megabytes; n++) {
    for (let at = 0; at < piece.length; at += 50_000) {
      crypto.getRandomValues(piece.subarray(at, at + 50_000));
    }
    hash.update(piece);
    for (let at = 0; at < piece.length;) {
      at += await file.write(piece.subarray(at));
    }
  }
  return hash.digest("hex");
}

/** The SHA-256 of a file. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1_048_576);
  for (let count; (count = await file.read(buffer)) !== null;) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex");
}
