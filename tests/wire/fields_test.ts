import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TransferError } from "../../lib/base/errors.ts";
import { FieldReader, FieldWriter } from "../../lib/wire/fields.ts";
import { hex } from "../support/helpers.ts";

function reader(dump: string): FieldReader {
  return new FieldReader(hex(dump), "test");
}

function refuses(act: () => unknown, found: string): void {
  const error = assertThrows(act, TransferError);
  assertEquals(error.code, "protocol");
  assertEquals(error.message, `Cannot read the test frame: ${found}`);
}

Deno.test("FieldWriter spells numbers with the most significant byte first", () => {
  const to = new FieldWriter();
  to.u8(1).u16(0x0203).u32(0x04050607).u64(2 ** 53 - 1).i64(-2);
  to.raw(hex("aa bb")).text("é");
  assertEquals(
    to.bytes,
    hex(`
      01
      02 03
      04 05 06 07
      00 1f ff ff ff ff ff ff  # 2^53 - 1
      ff ff ff ff ff ff ff fe  # -2
      aa bb
      00 02 c3 a9              # two bytes of UTF-8`),
  );
});

Deno.test("FieldWriter grows without losing what is there", () => {
  const to = new FieldWriter();
  for (let turn = 0; turn < 1000; turn++) to.u8(turn & 0xff);
  to.raw(new Uint8Array(100_000).fill(7));
  assertEquals(to.bytes.length, 101_000);
  assertEquals([to.bytes[999], to.bytes[1000], to.bytes[100_999]], [231, 7, 7]);
});

Deno.test("FieldWriter refuses text that its length field cannot say", () => {
  assertEquals(new FieldWriter().text("x".repeat(65_535)).bytes.length, 65_537);
  assertThrows(() => new FieldWriter().text("x".repeat(65_536)), RangeError);
});

Deno.test("FieldReader reads what FieldWriter writes, for all values", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 255 }),
    fc.integer({ min: 0, max: 65_535 }),
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    fc.maxSafeNat(),
    fc.maxSafeInteger(),
    fc.uint8Array(),
    fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
    (u8, u16, u32, u64, i64, raw, text) => {
      const to = new FieldWriter();
      to.u8(u8).u16(u16).u32(u32).u64(u64).i64(i64).raw(raw).text(text);
      const from = new FieldReader(to.bytes, "test");
      assertEquals(
        [from.u8(), from.u16(), from.u32(), from.u64(), from.i64()],
        [u8, u16, u32, u64, i64],
      );
      assertEquals(from.raw(raw.length), raw);
      assertEquals(from.text(), text);
      from.end();
    },
  ));
});

Deno.test("FieldReader reads from where its bytes begin", () => {
  const bytes = hex("ff ff 00 01 ff").subarray(2, 4);
  assertEquals(new FieldReader(bytes, "test").u16(), 1);
});

Deno.test("FieldReader refuses fields that are not all there", () => {
  refuses(() => reader("").u8(), "it needs 1 bytes more and has 0");
  refuses(() => reader("01").u16(), "it needs 2 bytes more and has 1");
  refuses(() => reader("01 02 03").u32(), "it needs 4 bytes more and has 3");
  refuses(
    () => reader("01 02 03 04 05 06 07").u64(),
    "it needs 8 bytes more and has 7",
  );
  refuses(() => reader("01 02").raw(3), "it needs 3 bytes more and has 2");
});

Deno.test("FieldReader refuses a text longer than the payload before it allocates", () => {
  refuses(
    () => reader("ff ff 41").text(),
    "it needs 65535 bytes more and has 1",
  );
});

Deno.test("FieldReader refuses numbers beyond 2^53 either way", () => {
  assertEquals(reader("00 1f ff ff ff ff ff ff").u64(), 2 ** 53 - 1);
  refuses(
    () => reader("00 20 00 00 00 00 00 00").u64(),
    "it holds the number 9007199254740992, beyond 2^53",
  );
  refuses(
    () => reader("ff ff ff ff ff ff ff ff").u64(),
    "it holds the number 18446744073709551615, beyond 2^53",
  );
  assertEquals(reader("ff e0 00 00 00 00 00 01").i64(), -(2 ** 53) + 1);
  refuses(
    () => reader("ff e0 00 00 00 00 00 00").i64(),
    "it holds the number -9007199254740992, beyond 2^53",
  );
});

Deno.test("FieldReader refuses times that no date can hold", () => {
  assertEquals(reader("00 1e b2 08 c2 dc 00 00").time(), 8.64e15);
  assertEquals(reader("ff e1 4d f7 3d 24 00 00").time(), -8.64e15);
  refuses(
    () => reader("00 1e b2 08 c2 dc 00 01").time(),
    "it holds the time 8640000000000001, beyond any date",
  );
  refuses(
    () => reader("ff e1 4d f7 3d 23 ff ff").time(),
    "it holds the time -8640000000000001, beyond any date",
  );
});

Deno.test("FieldReader refuses every text that is not UTF-8", () => {
  for (
    const [what, bytes] of [
      ["a lone continuation", "00 01 80"],
      ["an overlong slash", "00 02 c0 af"],
      ["a surrogate", "00 03 ed a0 80"],
      ["a cut sequence", "00 02 e2 82"],
      ["beyond U+10FFFF", "00 04 f4 90 80 80"],
      ["latin-1", "00 01 e9"],
    ] as const
  ) {
    const error = assertThrows(() => reader(bytes).text(), TransferError);
    assertStringIncludes(error.message, "a text in it is not UTF-8", what);
  }
});

Deno.test("FieldReader keeps a byte order mark and a NUL in a text", () => {
  assertEquals(reader("00 03 ef bb bf").text(), "\uFEFF");
  assertEquals(reader("00 01 00").text(), "\0");
});

Deno.test("FieldReader refuses keys, flags and reserved bytes that mean nothing yet", () => {
  const table = new Map([[1, "one"], [2, "two"]]);
  assertEquals(reader("02").oneOf(table, "kind"), "two");
  refuses(() => reader("03").oneOf(table, "kind"), "its kind is 3");
  assertEquals(reader("05").bits(7), 5);
  refuses(() => reader("09").bits(7), "it sets unknown flags 9");
  reader("00 00").zero(2);
  refuses(() => reader("00 01").zero(2), "its reserved bytes are in use");
});

Deno.test("FieldReader refuses what is left over", () => {
  const from = reader("01 02 03");
  from.u8();
  assertEquals(from.left, 2);
  refuses(() => from.end(), "2 bytes are left over");
  from.u16();
  from.end();
});
