// Bytes that are no frame, and the error that each of them gets.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Code, TransferError } from "../../lib/base/errors.ts";
import { decodeHeader, encodeFrame } from "../../lib/wire/encoding.ts";
import { SESSION } from "../../lib/wire/frames.ts";
import { LAYOUTS } from "../../lib/wire/layouts.ts";
import { hex, noise, sealed } from "../support/helpers.ts";
import { DATA, decode } from "../support/wire_frames.ts";

function refuses(code: Code, found: string, bytes: Uint8Array): void {
  const error = assertThrows(() => decode(bytes), TransferError, found);
  assertEquals(error.code, code);
}

Deno.test("a huge declared length is refused by the header alone", () => {
  for (const { code } of Object.values(LAYOUTS)) {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, code);
    view.setUint32(4, SESSION);
    view.setUint32(8, 0xffff_ffff);
    // No payload was given: nothing can have been made for it.
    const error = assertThrows(
      () => decodeHeader(sealed(bytes)),
      TransferError,
    );
    assertEquals(error.code, "protocol");
    assert(error.message.endsWith("found 4294967295"), error.message);
  }
});

Deno.test("a damaged header is integrity, whatever type, length or entry it shows", () => {
  const good = encodeFrame({
    type: "data",
    entry: 3,
    offset: 0,
    bytes: noise(500),
  }).subarray(0, 16);
  for (let at = 0; at < 12; at++) {
    for (let change = 1; change < 256; change++) {
      const bytes = good.slice();
      bytes[at]! ^= change;
      const error = assertThrows(() => decodeHeader(bytes), TransferError);
      assertEquals(error.code, "integrity", `byte ${at} by ${change}`);
      assertEquals(
        error.message,
        "Cannot accept the next frame: its header was damaged on the way",
      );
    }
  }
});

/** Headers that no peer sends, without their checks. */
const HEADERS: [what: string, found: string, dump: string][] = [
  ["a type below all", "there is no type 0", "00 00 0000 00000000 00000000"],
  ["a type beyond all", "there is no type 255", "ff 00 0000 00000000 00000000"],
  ["DATA", "its codec is 1, not agreed on", "11 01 0000 00000000 0000000b"],
  ["END", "its codec is 1, not agreed on", "12 01 0000 00000000 0000002c"],
  ["HELLO", "a hello names the entry 0", "01 00 0000 00000000 0000001c"],
  ["FINISH", "a finish names the entry 7", "13 00 0000 00000007 00000004"],
  ["NONCE", "a nonce names the entry 0", "04 00 0000 00000000 00000020"],
  ["PROOF", "a proof names the entry 1", "05 00 0000 00000001 00000020"],
];

for (const [what, found, dump] of HEADERS) {
  Deno.test(`decodeHeader() refuses ${what}: ${found}`, () => {
    const error = assertThrows(
      () => decodeHeader(sealed(hex(`${dump} 00 00 00 00`))),
      TransferError,
    );
    assertEquals(
      [error.code, error.message],
      ["protocol", `Cannot read the next frame: ${found}`],
    );
  });
}

Deno.test("decodeFrame() rejects damage anywhere in a frame with integrity", () => {
  const good = hex(DATA);
  for (let at = 12; at < good.length; at++) {
    const bytes = good.slice();
    bytes[at]! ^= 0x10;
    refuses("integrity", "Cannot accept the data frame: it was damaged", bytes);
  }
  // In the header too: another entry's number is damage as well.
  const bytes = good.slice();
  bytes[7]! ^= 1;
  refuses("integrity", "damaged on the way", bytes);
});

const ZEROS = "0000000000000000"; // eight bytes
const NO_DIGEST = "00".repeat(32);
const NO_ID = "00".repeat(16);

/** A frame of a type with this payload; its length and its checks are right. */
function framed(type: string, payload: string): Uint8Array {
  const bytes = hex(`${type} 00 00 00 00000001 00000000 00000000 ${payload}`);
  new DataView(bytes.buffer).setUint32(8, bytes.length - 16);
  return sealed(bytes);
}

function open(fields: string, name = "0001 61"): Uint8Array {
  return framed("10", `${fields} ${name}`);
}

/** Fields out of range, although both checks fit. */
const FIELDS: [what: string, found: string, bytes: Uint8Array][] = [
  ["OPEN", "its kind is 3", open(`03 00 00 00 ${ZEROS} ${ZEROS} 00000000`)],
  [
    "OPEN",
    "it sets unknown flags 8",
    open(`01 08 00 00 ${ZEROS} ${ZEROS} 00000000`),
  ],
  [
    "OPEN",
    "its reserved bytes are in use",
    open(`01 00 00 01 ${ZEROS} ${ZEROS} 00000000`),
  ],
  [
    "OPEN",
    "it hides a size",
    open(`01 00 00 00 0000000000000001 ${ZEROS} 00000000`),
  ],
  [
    "OPEN",
    "it hides a time",
    open(`01 00 00 00 ${ZEROS} 0000000000000001 00000000`),
  ],
  ["OPEN", "it hides a mode", open(`01 00 00 00 ${ZEROS} ${ZEROS} 00000001`)],
  ["OPEN", "its mode is 4096", open(`01 04 00 00 ${ZEROS} ${ZEROS} 00001000`)],
  [
    "OPEN",
    "beyond 2^53",
    open(`01 01 00 00 0020000000000000 ${ZEROS} 00000000`),
  ],
  [
    "OPEN",
    "it holds the time 8640000000000001",
    open(`01 02 00 00 ${ZEROS} 001eb208c2dc0001 00000000`),
  ],
  [
    "OPEN with more than its name",
    "it needs 2 bytes more and has 1",
    open(`01 00 00 00 ${ZEROS} ${ZEROS} 00000000`, "0000 61"),
  ],
  [
    "OPEN with less than its name",
    "it needs 2 bytes more and has 1",
    open(`01 00 00 00 ${ZEROS} ${ZEROS} 00000000`, "0002 61"),
  ],
  [
    "OPEN",
    "a text in it is not UTF-8",
    open(`01 00 00 00 ${ZEROS} ${ZEROS} 00000000`, "0001 ff"),
  ],
  [
    "ACCEPT of a block",
    "it needs 32 bytes more and has 0",
    framed("20", "0000000000000001 00000001 01 000000"),
  ],
  [
    "ACCEPT without a block",
    "its blocks of 0 bytes do not fit 1 held bytes",
    framed("20", "0000000000000001 00000000 01 000000"),
  ],
  [
    "ACCEPT of a block",
    "its blocks of 1 bytes do not fit 0 held bytes",
    framed("20", `${ZEROS} 00000001 01 000000`),
  ],
  [
    "ACCEPT without a block",
    "it needs 2 bytes more and has 1",
    framed("20", `${ZEROS} 00000000 01 000000 ff`),
  ],
  [
    "ACCEPT of more blocks than there may be",
    "its blocks of 1 bytes do not fit 1025 held bytes",
    framed("20", "0000000000000401 00000001 01 000000"),
  ],
  [
    "ACCEPT",
    "its digest is 0",
    framed("20", `${ZEROS} 00000000 00 000000`),
  ],
  [
    "ACCEPT",
    "its reserved bytes are in use",
    framed("20", `${ZEROS} 00000000 01 000001`),
  ],
  ["ALIVE", "its phase is 5", framed("02", `05 ${ZEROS}`)],
  ["FAIL", "its code is 0", framed("03", "00 00 0000")],
  ["FAIL", "its code is 16", framed("03", "10 00 0000")],
  [
    "FAIL with more than its reason",
    "1 bytes are left over",
    framed("03", "08 00 0000 61"),
  ],
  ["FAIL", "it sets unknown flags 2", framed("03", "08 02 0000")],
  ["END", "its digest is 0", framed("12", `${ZEROS} 00 000000 ${NO_DIGEST}`)],
  [
    "END",
    "its reserved bytes are in use",
    framed("12", `${ZEROS} 01 000001 ${NO_DIGEST}`),
  ],
  [
    "RECEIPT",
    "its digest is 2",
    framed("21", `${NO_ID} ${ZEROS} 02 00 0000 ${NO_DIGEST} ${ZEROS} 0000`),
  ],
  [
    "RECEIPT",
    "it sets unknown flags 4",
    framed("21", `${NO_ID} ${ZEROS} 01 04 0000 ${NO_DIGEST} ${ZEROS} 0000`),
  ],
  [
    "RECEIPT",
    "it holds the time 9007199254740991",
    framed(
      "21",
      `${NO_ID} ${ZEROS} 01 00 0000 ${NO_DIGEST} 001fffffffffffff 0000`,
    ),
  ],
];

for (const [what, found, bytes] of FIELDS) {
  Deno.test(`decodeFrame() refuses ${what}: ${found}`, () => {
    refuses("protocol", found, bytes);
  });
}
