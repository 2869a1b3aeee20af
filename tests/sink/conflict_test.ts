import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { faultOf } from "../../lib/model/name.ts";
import { candidates } from "../../lib/sink/conflict.ts";
import { utf8 } from "../support/helpers.ts";

function first(name: string, count: number): string[] {
  const names: string[] = [];
  for (const candidate of candidates(name, "rename")) {
    names.push(candidate);
    if (names.length === count) break;
  }
  return names;
}

Deno.test("candidates() has one name under refuse and under replace", () => {
  assertEquals([...candidates("a.bin", "refuse")], ["a.bin"]);
  assertEquals([...candidates("a.bin", "replace")], ["a.bin"]);
});

Deno.test("candidates() counts in front of the extension under rename", () => {
  assertEquals(first("a.bin", 3), ["a.bin", "a (1).bin", "a (2).bin"]);
  assertEquals(first("a.tar.gz", 2)[1], "a.tar (1).gz");
  assertEquals(first("Makefile", 2)[1], "Makefile (1)");
  assertEquals(first(".bashrc", 2)[1], ".bashrc (1)");
  assertEquals(first("R.E.M.", 2)[1], "R.E.M (1).");
});

Deno.test("candidates() ends, however many names are taken", () => {
  let count = 0;
  for (const _ of candidates("a", "rename")) count++;
  assertEquals(count, 10_001);
});

Deno.test("candidates() cuts a long name at a whole character to make room", () => {
  assertEquals(first("x".repeat(255), 2)[1], "x".repeat(251) + " (1)");
  const long = "👍".repeat(62) + ".bin"; // 252 bytes
  assertEquals(first(long, 2)[1], "👍".repeat(61) + " (1).bin");
});

Deno.test("candidates() makes good names of good names", () => {
  const good = fc.string({ unit: "binary", minLength: 1, maxLength: 260 })
    .filter((name) => !name.includes("/") && faultOf(name) === undefined);
  fc.assert(fc.property(good, (name) => {
    for (const candidate of first(name, 12)) {
      assertEquals(faultOf(candidate), undefined, candidate);
      assert(utf8(candidate).length <= 255);
    }
  }));
});

Deno.test("candidates() keeps an extension that fills the name, as far as it may", () => {
  const name = "x." + "e".repeat(253);
  const [, second] = first(name, 2);
  assertEquals(faultOf(second!), undefined);
});
