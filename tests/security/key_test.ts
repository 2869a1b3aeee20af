import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { TransferError } from "../../lib/base/errors.ts";
import {
  derive,
  formatKey,
  generateKey,
  keyBytesOf,
  parseKey,
} from "../../lib/security/key.ts";
import { hex } from "../support/helpers.ts";

const KEY = hex(`
  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f
  10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f`);
const TEXT = "hck1_aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypxt653";

Deno.test("a key is written the same in every release", () => {
  assertEquals(formatKey(KEY), TEXT);
  assertEquals(parseKey(TEXT), KEY);
});

Deno.test("generateKey() makes 256 bits, other ones each time", () => {
  const [one, other] = [generateKey(), generateKey()];
  assertEquals(parseKey(one).length, 32);
  assert(one !== other);
  assert(/^hck1_[a-z2-7]{56}$/.test(one), "one word for a double click");
});

Deno.test("parseKey() takes any key back, as people copy it", () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(fc.property(key, (key) => {
    assertEquals(parseKey(`\n ${formatKey(key).toUpperCase()}\r\n`), key);
  }));
});

Deno.test("parseKey() finds any one character that was mistyped", () => {
  for (let at = 5; at < TEXT.length; at++) {
    const typo = TEXT[at] === "a" ? "b" : "a";
    assertThrows(
      () => parseKey(TEXT.slice(0, at) + typo + TEXT.slice(at + 1)),
      TransferError,
      "a character was mistyped",
    );
  }
});

Deno.test("parseKey() says what is wrong and never shows the key", () => {
  const body = TEXT.slice(5);
  for (
    const [text, found] of [
      ["", "it is empty"],
      [" \n", "it is empty"],
      [body, "it does not begin with hck1_"],
      ["hck2_" + body, "it does not begin with hck1_"],
      [TEXT.slice(0, -1), "it has 55 characters behind hck1_ and must have 56"],
      [TEXT + "a", "it has 57 characters behind hck1_"],
      [TEXT.replace("q", "1"), "character 9 is not one of a to z, 2 to 7"],
    ] as const
  ) {
    const error = assertThrows(() => parseKey(text), TransferError, found);
    assertEquals(error.code, "usage");
    assert(!error.message.includes(body.slice(10, 20)), error.message);
  }
});

Deno.test("keyBytesOf() takes a key's text and a copy of its bytes", () => {
  assertEquals(keyBytesOf(TEXT), KEY);
  for (const given of [KEY.slice(), Buffer.from(KEY)]) {
    const taken = keyBytesOf(given);
    given.fill(0);
    assertEquals(taken, KEY);
  }
});

Deno.test("keyBytesOf() takes bytes of no other length", () => {
  for (const length of [0, 31, 33]) {
    const error = assertThrows(
      () => keyBytesOf(new Uint8Array(length)),
      TransferError,
      `Cannot read the key: it has ${length} bytes and must have 32`,
    );
    assertEquals(error.code, "usage");
  }
});

Deno.test("derive() gives each purpose a secret of its own", () => {
  const purposes = [
    "identity",
    "challenge",
    "proof",
    "token",
  ] as const;
  const all = purposes.map((purpose) => derive(KEY, purpose).join());
  assertEquals(new Set([...all, KEY.join()]).size, 5);
});
