import { assertEquals } from "@std/assert";
import { draftEnded } from "../../lib/sink/sink.ts";

Deno.test("draftEnded() is a bug of whoever lost track", () => {
  const error = draftEnded("a\nb");
  assertEquals(error.code, "internal");
  assertEquals(error.message, 'Cannot store "a\\u{a}b": its draft has ended');
});
