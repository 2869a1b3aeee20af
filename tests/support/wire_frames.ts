/**
 * What the tests of the wire share: a frame in print, and how bytes are read.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { decodeFrame, decodeHeader } from "../../lib/wire/encoding.ts";
import type { Frame } from "../../lib/wire/frames.ts";
import { hex } from "./helpers.ts";

/** A digest to put into frames. */
export const DIGEST: Uint8Array = hex(`
  ba 78 16 bf 8f 01 cf ea 41 41 40 de 5d ae 22 23
  b0 03 61 a3 96 17 7a 9c b4 10 ff 61 f2 00 15 ad # SHA-256 of "abc"`);

/** A small frame of data, byte by byte. */
export const DATA = `
    11                      # type: DATA
    00                      # codec: as it is
    21 f8                   # check of the header
    00 00 00 03             # entry 3
    00 00 00 0b             # payload length: 11
    2d c7 63 05             # CRC-32
    00 00 00 01 00 00 00 02 # offset: 2^32 + 2
    61 62 63                # "abc"`;

/** Reads one whole frame. */
export function decode(bytes: Uint8Array): Frame {
  const header = decodeHeader(bytes.subarray(0, 16));
  assertEquals(header.length, bytes.length - 16);
  return decodeFrame(header, bytes);
}
