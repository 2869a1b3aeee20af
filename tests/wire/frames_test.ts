import { assert, assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { decodeHeader, encodeFrame } from "../../lib/wire/encoding.ts";
import { HEADER_BYTES, MAX_AHEAD, SESSION } from "../../lib/wire/frames.ts";
import { sealed } from "../support/helpers.ts";
import { data } from "../support/scripted.ts";

Deno.test("a DATA frame has up to a mebibyte behind its offset, and no byte more", () => {
  const header = encodeFrame(data(0, new Uint8Array(0))).slice(0, HEADER_BYTES);
  const announcing = (length: number) => {
    new DataView(header.buffer).setUint32(8, length);
    return decodeHeader(sealed(header));
  };
  assertEquals(announcing(1_048_576 + 8).length, 1_048_584);
  const error = assertThrows(
    () => announcing(1_048_576 + 9),
    TransferError,
  );
  assertEquals(error.code, "protocol");
});

Deno.test("SESSION is no entry's number before four thousand million entries", () => {
  assertEquals(SESSION, 2 ** 32 - 1);
  assert(MAX_AHEAD < SESSION);
});
