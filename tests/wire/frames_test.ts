import { assert, assertEquals } from "@std/assert";
import { MAX_NAME_BYTES } from "../../lib/model/name.ts";
import {
  DATA_HEAD_BYTES,
  HEADER_BYTES,
  ID_BYTES,
  MAX_AHEAD,
  MAX_DATA_BYTES,
  MAX_REASON_BYTES,
  SESSION,
} from "../../lib/wire/frames.ts";

Deno.test("the bounds of version 2 are what both sides count on", () => {
  assertEquals(HEADER_BYTES, 16);
  assertEquals(DATA_HEAD_BYTES, 24);
  assertEquals(MAX_DATA_BYTES, 2 ** 20);
  assertEquals(ID_BYTES, 16);
  assertEquals(MAX_NAME_BYTES, 4096);
  assertEquals(MAX_REASON_BYTES, 1024);
  assertEquals(MAX_AHEAD, 256);
});

Deno.test("SESSION is no entry's number before four thousand million entries", () => {
  assertEquals(SESSION, 2 ** 32 - 1);
  assert(MAX_AHEAD < SESSION);
});
