import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import {
  type Extension,
  MAX_EXTENSION_BYTES,
  MAX_EXTENSIONS,
  readExtensions,
  writeExtensions,
} from "../../lib/wire/extensions.ts";
import { FieldReader, FieldWriter } from "../../lib/wire/fields.ts";
import { hex, noise } from "../support/helpers.ts";
import {
  accept,
  data,
  end,
  finish,
  hello,
  open,
  receipt,
} from "../support/scripted.ts";
import { decode } from "../support/wire_frames.ts";

function extension(number: number, value = new Uint8Array(0)): Extension {
  return { number, critical: false, value };
}

function written(extensions: readonly Extension[]): Uint8Array {
  const to = new FieldWriter();
  writeExtensions({ extensions }, to);
  return to.bytes.slice();
}

function read(bytes: Uint8Array) {
  return readExtensions(new FieldReader(bytes, "open"));
}

function refused(bytes: Uint8Array, found: string): void {
  const error = assertThrows(() => read(bytes), TransferError);
  assertEquals([error.code, error.message], [
    "protocol",
    `Cannot read the open frame: ${found}`,
  ]);
}

/** A list, and its bytes. */
const LIST = [extension(1, hex("61 62")), extension(0x7fff)];
const BYTES = hex(`
  00 01 # number 1, need not be understood
  00 02 # length of its value
  61 62 # its value
  7f ff # number 32,767
  00 00 # no value`);

Deno.test("a list of extensions, byte by byte", () => {
  assertEquals(written(LIST), BYTES);
  assertEquals(read(BYTES), { extensions: LIST });
});

Deno.test("no extension takes no byte and adds nothing to a frame", () => {
  assertEquals(written([]), new Uint8Array(0));
  assertEquals(read(new Uint8Array(0)), {});
});

Deno.test("a list keeps its values when the buffer is used again", () => {
  const bytes = BYTES.slice();
  const { extensions } = read(bytes);
  bytes.fill(0);
  assertEquals(extensions, LIST);
});

Deno.test("an unknown extension that must be understood is refused by its number", () => {
  const critical = { ...extension(7, hex("01")), critical: true };
  assertEquals(written([critical]), hex("80 07 00 01 01"));
  refused(
    written([LIST[0]!, critical, extension(8)]),
    "its extension 7 must be understood, and this version does not know it",
  );
});

Deno.test("a list has one order, whether an extension is critical or not", () => {
  refused(
    hex("00 02 00 00 00 01 00 00"),
    "its extension 1 comes behind extension 2",
  );
  refused(
    hex("00 02 00 00 00 02 00 00"),
    "its extension 2 comes behind extension 2",
  );
  refused(
    hex("00 02 00 00 80 02 00 00"),
    "its extension 2 comes behind extension 2",
  );
});

Deno.test("a list ends with a whole extension", () => {
  refused(hex("00"), "it needs 2 bytes more and has 1");
  refused(hex("00 01 00"), "it needs 2 bytes more and has 1");
  refused(hex("00 01 00 02 61"), "it needs 2 bytes more and has 1");
});

Deno.test("a frame has 16 extensions at most", () => {
  assertEquals(MAX_EXTENSIONS, 16);
  const most = Array.from({ length: 16 }, (_, number) => extension(number));
  assertEquals(read(written(most)), { extensions: most });
  const found = "it has 17 extensions and may have 16";
  assertThrows(() => written([...most, extension(16)]), RangeError, found);
  const all = [...written(most), 0, 16, 0, 0];
  refused(Uint8Array.from(all), found);
});

Deno.test("the extensions of a frame have 1,024 bytes at most, heads included", () => {
  assertEquals(MAX_EXTENSION_BYTES, 1_024);
  const most = [extension(1, noise(1_000)), extension(2, noise(16))];
  assertEquals(read(written(most)), { extensions: most });
  const found = "its extensions have 1025 bytes and may have 1024";
  const more = [most[0]!, extension(2, noise(17))];
  assertThrows(() => written(more), RangeError, found);
  const all = [...written([most[0]!]), 0, 2, 0, 17, ...noise(17)];
  refused(Uint8Array.from(all), found);
});

Deno.test("no list is written that no peer would accept", () => {
  for (
    const [list, found] of [
      [[extension(2), extension(1)], "extension 1 comes behind extension 2"],
      [[extension(0x8000)], "there is no extension 32768"],
      [[extension(-1)], "extension -1 comes behind"],
    ] as const
  ) assertThrows(() => written(list), RangeError, found);
});

Deno.test("HELLO, OPEN, ACCEPT, END and RECEIPT have room for extensions, and no other frame", () => {
  const bytes = noise(3), extensions = LIST;
  for (
    const frame of [
      hello({ extensions }),
      open(1, { extensions }),
      { ...accept(1), extensions },
      end(1, bytes, { extensions }),
      receipt(1, bytes, { extensions }),
    ]
  ) {
    const encoded = encodeFrame(frame);
    assertEquals(encoded.subarray(-BYTES.length), BYTES);
    assertEquals(decode(encoded), frame);
    assertEquals(encodeFrame(decode(encoded)), encoded);
  }
  for (const frame of [finish(1), data(1, bytes)]) {
    const more = Object.assign({ extensions }, frame);
    assertEquals(encodeFrame(more), encodeFrame(frame));
  }
});
