/**
 * What many tests need: bytes in print and in number, directories that go away
 * again, refusals.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Code, TransferError } from "../../lib/base/errors.ts";
import type { ByteReader } from "../../lib/source/reader.ts";

/** A directory for one test; removed with all that is in it. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/** Makes an empty directory: `await using dir = await tempDir();` */
export async function tempDir(): Promise<TempDir> {
  // The real path, so that a test can compare what the system says about it.
  const path = await Deno.realPath(await Deno.makeTempDir());
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/**
 * Lists all that is below a directory, in order; a directory ends in `/`, a
 * symbolic link in `@`.
 */
export async function tree(root: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(`${root}/${below}`)) {
    const name = below + entry.name;
    found.push(name + (entry.isDirectory ? "/" : entry.isSymlink ? "@" : ""));
    if (entry.isDirectory) found.push(...await tree(root, `${name}/`));
  }
  return found.sort();
}

/**
 * Reads an annotated hexdump, a template over several lines: two digits a
 * byte, and what follows a `#` is for people.
 */
export function hex(dump: string): Uint8Array<ArrayBuffer> {
  const digits = dump.replace(/#.*$/gm, "").replace(/\s+/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`Not hex: ${digits}`);
  return Uint8Array.from(
    digits.match(/../g) ?? [],
    (pair) => parseInt(pair, 16),
  );
}

/** The UTF-8 of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** So many bytes, the same at every call and without a short period. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let at = 0; at < length; at++) {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x6d2b79f5 | 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** The SHA-256 of bytes in hexadecimal, by other means than the library's. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The pieces as one. */
export function joined(pieces: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> {
  return concat([...pieces]);
}

/** Reads to the end, in pieces of at most so many bytes. */
export async function readAll(
  reader: ByteReader,
  at = 1000,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(at);
    const count = await reader.read(buffer);
    if (count === null) return joined(pieces);
    assert(count > 0 && count <= at);
    pieces.push(buffer.subarray(0, count));
  }
}

/**
 * Puts both checks of a frame right, so that a test can break something else.
 *
 * @param frame Header and payload; changed in place.
 * @returns The same bytes.
 */
export function sealed<T extends Uint8Array>(frame: T): T {
  const view = new DataView(frame.buffer, frame.byteOffset);
  const head = crc32(frame.subarray(4, 12), crc32(frame.subarray(0, 2)));
  view.setUint16(2, head & 0xffff);
  view.setUint32(12, crc32(frame.subarray(16), crc32(frame.subarray(0, 12))));
  return frame;
}

/**
 * Sees that something is refused with a typed error.
 *
 * @param code The code that it must have.
 * @param act What must be refused.
 * @param found What its message must hold.
 * @returns The error.
 */
export async function rejectsWith(
  code: Code,
  act: () => Promise<unknown>,
  found = "",
): Promise<TransferError> {
  const error = await assertRejects(act, TransferError, found);
  assertEquals(error.code, code, error.message);
  return error;
}
