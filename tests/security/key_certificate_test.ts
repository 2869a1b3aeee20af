import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { certificateHash } from "../../lib/security/certificate.ts";
import {
  KEY_CERTIFICATE_NAME,
  keyCertificateOf,
} from "../../lib/security/key_certificate.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, at) => at);

Deno.test("keyCertificateOf() gives one key one certificate, in every release of a version", async () => {
  const [one, other] = [
    await keyCertificateOf(KEY),
    await keyCertificateOf(KEY),
  ];
  assertEquals(one, other);
  // Both sides must derive the same from now on, whatever changes here.
  assertEquals(
    one.hash.toHex(),
    "2b1074b36471d0ec14d2a042c19d055449156476ea2907824c3d0e46d73feabc",
  );
  assertEquals(certificateHash(one.cert), one.hash);
});

Deno.test("keyCertificateOf() gives another key another certificate", async () => {
  const one = await keyCertificateOf(KEY);
  const other = await keyCertificateOf(KEY.toReversed());
  assertNotEquals(one.hash, other.hash);
  assertNotEquals(one.key, other.key);
});

Deno.test("the certificate is no authority's, for a name that nobody can own", async () => {
  const { cert } = await keyCertificateOf(KEY);
  const found = new X509Certificate(cert);
  assertEquals(found.ca, false);
  assertEquals(found.subjectAltName, `DNS:${KEY_CERTIFICATE_NAME}`);
  assert(KEY_CERTIFICATE_NAME.endsWith(".invalid"));
});

Deno.test("no clock makes the certificate invalid", async () => {
  const { cert } = await keyCertificateOf(KEY);
  const { validFrom, validTo } = new X509Certificate(cert);
  assertEquals(new Date(validFrom).getTime(), 0);
  assertEquals(new Date(validTo).toISOString(), "9999-12-31T23:59:59.000Z");
});
