import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  encodeKeyChallenge,
  isKeyChallenge,
  KEY_CHALLENGE_BYTES,
} from "../../lib/wire/key_challenge.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { hex, utf8 } from "../support/helpers.ts";

Deno.test("a key challenge, byte by byte", () => {
  const nonce = Uint8Array.from({ length: 32 }, (_, at) => at);
  const bytes = encodeKeyChallenge(nonce);
  assertEquals(
    bytes,
    hex(`
      89 48 43 0d 0a 1a 0a    # as the preface of mod.ts
      82                      # version 2, with a key
      00 01 02 03 04 05 06 07 # the nonce
      08 09 0a 0b 0c 0d 0e 0f
      10 11 12 13 14 15 16 17
      18 19 1a 1b 1c 1d 1e 1f`),
  );
  assertEquals(bytes.length, KEY_CHALLENGE_BYTES);
});

Deno.test("isKeyChallenge() asks for more until it can tell", () => {
  const bytes = encodeKeyChallenge(new Uint8Array(32));
  for (let count = 0; count < 8; count++) {
    assertEquals(isKeyChallenge(bytes.subarray(0, count)), undefined);
  }
  assertEquals(isKeyChallenge(bytes), true);
});

Deno.test("isKeyChallenge() knows others at their first wrong byte", () => {
  assertEquals(isKeyChallenge(PREFACE as Uint8Array), false);
  for (const text of ["GET / HTTP/1.1", "\x16\x03\x01", "x"]) {
    assertEquals(isKeyChallenge(utf8(text)), false);
  }
  const challenge = encodeKeyChallenge(new Uint8Array(32)).subarray(0, 8);
  const flip = fc.record({
    at: fc.nat(7),
    bit: fc.nat(7),
    more: fc.nat(7),
  });
  fc.assert(fc.property(flip, ({ at, bit, more }) => {
    const bytes = challenge.slice();
    bytes[at]! ^= 1 << bit;
    assertEquals(
      isKeyChallenge(bytes.subarray(0, Math.max(at, more) + 1)),
      false,
    );
  }));
});
