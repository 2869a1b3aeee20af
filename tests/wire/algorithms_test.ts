import { assertEquals } from "@std/assert";
import { DIGEST_BYTES } from "../../lib/base/digest.ts";
import {
  CODEC_BITS,
  CODEC_PREFERENCE,
  DIGEST_PREFERENCE,
  digestBit,
  DIGESTS,
} from "../../lib/wire/algorithms.ts";

Deno.test("every algorithm has a number of its own, a bit and a place in the preference", () => {
  const all = Object.keys(DIGEST_BYTES).sort();
  assertEquals([...DIGESTS.values()].sort() as string[], all);
  assertEquals([...DIGEST_PREFERENCE].sort() as string[], all);
  for (const [number, algorithm] of DIGESTS) {
    assertEquals(digestBit(algorithm), 2 ** (number - 1));
    // HELLO has 16 bits for them.
    assertEquals(digestBit(algorithm) & 0xffff, digestBit(algorithm));
  }
});

Deno.test("the numbers of version 2 are the same in every release", () => {
  assertEquals([...DIGESTS], [[1, "sha256"]]);
  assertEquals(CODEC_BITS, { identity: 1 });
  assertEquals([...CODEC_PREFERENCE], ["identity"]);
});
