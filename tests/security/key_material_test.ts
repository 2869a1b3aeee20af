import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { derive } from "../../lib/security/key.ts";
import { keyCertificateOf } from "../../lib/security/key_certificate.ts";
import { keyMaterialOf } from "../../lib/security/key_material.ts";

const KEY = new Uint8Array(32).fill(7);

Deno.test("keyMaterialOf() has one secret for each purpose", () => {
  const { challenge, proof } = keyMaterialOf(KEY);
  assertEquals(challenge, derive(KEY, "challenge"));
  assertEquals(proof, derive(KEY, "proof"));
});

Deno.test("keyMaterialOf() derives the certificate once, and again where it could not", async () => {
  let tries = 0;
  const { certificate } = keyMaterialOf(KEY, (key) => {
    const fails = ++tries < 3;
    return fails
      ? Promise.reject(new RangeError("no room"))
      : keyCertificateOf(key);
  });
  const both = [certificate(), certificate()]; // one derivation for both
  for (const one of both) await assertRejects(() => one, RangeError);
  assertEquals(tries, 1);
  await assertRejects(certificate, RangeError);
  const [made, again] = await Promise.all([certificate(), certificate()]);
  assertStrictEquals(made, again);
  assertEquals(tries, 3);
});
