import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Algorithm,
  crc32,
  Digest,
  DIGEST_BYTES,
  DIGEST_NAMES,
  sameBytes,
} from "../../lib/base/digest.ts";
import { utf8 } from "../support/helpers.ts";

Deno.test("Digest is SHA-256, by the examples of FIPS 180-4", () => {
  for (
    const [text, digest] of [
      ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
      [
        "abc",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      ],
      [
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      ],
    ] as const
  ) {
    const sha256 = new Digest();
    sha256.update(utf8(text));
    assertEquals(sha256.finish().toHex(), digest);
  }
});

Deno.test("Digest does not depend on how the stream was cut", async () => {
  const arbitraries = [fc.uint8Array({ maxLength: 300 }), fc.nat(300)] as const;
  await fc.assert(fc.asyncProperty(...arbitraries, async (bytes, at) => {
    const digest = new Digest();
    digest.update(bytes.subarray(0, at));
    digest.update(bytes.subarray(at));
    const whole = await crypto.subtle.digest("SHA-256", bytes.slice());
    assertEquals(digest.finish(), new Uint8Array(whole));
  }));
});

Deno.test("Digest goes on with another stream, by the same algorithm", () => {
  const begun = new Digest("sha256");
  begun.update(utf8("a"));
  const [one, other] = [new Digest(begun), new Digest(begun)];
  one.update(utf8("bc"));
  assertEquals(one.algorithm, "sha256");
  assertEquals(one.finish().toHex().slice(0, 8), "ba7816bf"); // of "abc"
  assertEquals(other.finish(), begun.finish());
});

Deno.test("DIGEST_BYTES and DIGEST_NAMES are true for every algorithm", () => {
  for (const algorithm of Object.keys(DIGEST_BYTES) as Algorithm[]) {
    const { length } = new Digest(algorithm).finish();
    assertEquals(DIGEST_BYTES[algorithm], length);
    const plain = DIGEST_NAMES[algorithm].toLowerCase().replace("-", "");
    assertEquals(plain, algorithm);
  }
});

Deno.test("Digest has read a piece when update() returns", () => {
  const [piece, digest] = [utf8("abc"), new Digest()];
  digest.update(piece);
  piece.fill(0);
  const result = digest.finish();
  assertEquals(result.length, DIGEST_BYTES[digest.algorithm]);
  assertEquals(result.toHex().slice(0, 8), "ba7816bf");
});

Deno.test("crc32() is the one of zip: its check value is cbf43926", () => {
  assertEquals(crc32(utf8("123456789")), 0xcbf43926);
  assertEquals(crc32(new Uint8Array(0)), 0);
});

Deno.test("crc32() goes on from a seed", () => {
  assertEquals(crc32(utf8("6789"), crc32(utf8("12345"))), 0xcbf43926);
});

Deno.test("sameBytes() tells content and length apart", () => {
  assert(sameBytes(utf8("abc"), utf8("abc")));
  assert(sameBytes(utf8("xabc").subarray(1), utf8("abcx").subarray(0, 3)));
  assert(!sameBytes(utf8("abc"), utf8("abd")));
  assert(!sameBytes(utf8("abc"), utf8("ab")));
  assert(sameBytes(new Uint8Array(0), new Uint8Array(0)));
});
