import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TransferError } from "../../lib/base/errors.ts";
import { decodeHeader, encodeFrame } from "../../lib/wire/encoding.ts";
import type { Frame } from "../../lib/wire/frames.ts";
import { LAYOUTS, TYPES } from "../../lib/wire/layouts.ts";
import { frames } from "../support/arbitraries.ts";
import { sealed } from "../support/helpers.ts";

Deno.test("LAYOUTS gives every type a code of its own, the same in every release", () => {
  const codes = Object.entries(LAYOUTS).map(([type, { code }]) =>
    `${code.toString(16).padStart(2, "0")} ${type}`
  );
  assertEquals(codes.sort(), [
    "01 hello",
    "02 alive",
    "03 fail",
    "04 nonce",
    "05 proof",
    "10 open",
    "11 data",
    "12 end",
    "13 finish",
    "20 accept",
    "21 receipt",
  ]);
});

Deno.test("TYPES finds each type by its code", () => {
  assertEquals(TYPES.size, Object.keys(LAYOUTS).length);
  for (const [code, type] of TYPES) assertEquals(LAYOUTS[type].code, code);
});

Deno.test("LAYOUTS bounds every payload at a little over a megabyte", () => {
  for (const { min, max } of Object.values(LAYOUTS)) {
    assert(min <= max && max <= 2 ** 20 + 8);
  }
});

Deno.test("LAYOUTS holds each length against the bounds of its own type", () => {
  for (const [type, { code, min, max }] of Object.entries(LAYOUTS)) {
    const header = (length: number) => {
      const bytes = new Uint8Array(16);
      const view = new DataView(bytes.buffer);
      view.setUint8(0, code);
      view.setUint32(4, 0xffff_ffff);
      view.setUint32(8, length);
      return decodeHeader(sealed(bytes));
    };
    assertEquals(header(min).length, min);
    assertEquals(header(max).length, max);
    for (const length of [min - 1, max + 1]) {
      const error = assertThrows(() => header(length), TransferError);
      assertEquals(error.code, "protocol");
      assertEquals(
        error.message,
        `Cannot read the ${type} frame: its length must be ${min} to ${max}, ` +
          `found ${length}`,
      );
    }
  }
});

Deno.test("LAYOUTS writes no payload outside of its own bounds", () => {
  fc.assert(fc.property(frames, (frame) => {
    const { min, max } = LAYOUTS[frame.type];
    const length = encodeFrame(frame).length - 16;
    assert(length >= min && length <= max, `${frame.type}: ${length}`);
  }));
});

Deno.test("LAYOUTS writes no kind and no phase that it does not know", () => {
  const open = { type: "open", entry: 0, kind: "socket", name: "a" };
  const alive = { type: "alive", entry: 0, phase: "idle", bytes: 0 };
  for (const frame of [open, alive]) {
    assertThrows(() => encodeFrame(frame as Frame), RangeError);
  }
});
