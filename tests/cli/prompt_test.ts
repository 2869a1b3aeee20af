import { assertEquals } from "@std/assert";
import { readLine } from "../../lib/cli/prompt.ts";
import { utf8 } from "../helpers.ts";

/** Something typed, a byte at a time. */
function typing(text: string) {
  const bytes = [...utf8(text)];
  return {
    left: bytes,
    read(into: Uint8Array) {
      const byte = bytes.shift();
      if (byte === undefined) return Promise.resolve(null);
      into[0] = byte;
      return Promise.resolve(1);
    },
  };
}

for (
  const [typed, line, left] of [
    ["key\nmore", "key", 4],
    ["key\r\n", "key", 1],
    ["kex\x7fy\n", "key", 0],
    ["kex\by\n", "key", 0],
    ["\x7fkey\n", "key", 0],
    ["key\x04x", "key", 1],
    ["key", "key", 0],
    ["", "", 0],
    ["schlüssel\n", "schlüssel", 0],
  ] as const
) {
  Deno.test(`readLine() reads ${JSON.stringify(typed)} as ${JSON.stringify(line)}`, async () => {
    const from = typing(typed);
    assertEquals(await readLine(from), line);
    assertEquals(from.left.length, left);
  });
}
