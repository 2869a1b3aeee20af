import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { X509Certificate } from "node:crypto";
import {
  IDENTITY_NAME,
  identityOf,
} from "../../lib/security/key_certificate.ts";
import { toHex } from "../../lib/base/digest.ts";
import { certificateHash } from "../../lib/security/tls.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, at) => at);

Deno.test("identityOf() gives one key one certificate, in every release", async () => {
  const [one, other] = [await identityOf(KEY), await identityOf(KEY)];
  assertEquals(one, other);
  // Both sides must derive the same from now on, whatever changes here.
  assertEquals(
    toHex(one.hash),
    "592dc520da97cd166e74357d52aa7625390283b75e096e0930fe08fff62bcc9d",
  );
  assertEquals(certificateHash(one.cert), one.hash);
});

Deno.test("identityOf() gives another key another certificate", async () => {
  const one = await identityOf(KEY);
  const other = await identityOf(KEY.toReversed());
  assertNotEquals(one.hash, other.hash);
  assertNotEquals(one.key, other.key);
});

Deno.test("the certificate is no authority's, for a name that nobody can own", async () => {
  const { cert } = await identityOf(KEY);
  const found = new X509Certificate(cert);
  assertEquals(found.ca, false);
  assertEquals(found.subjectAltName, `DNS:${IDENTITY_NAME}`);
  assert(IDENTITY_NAME.endsWith(".invalid"));
});

Deno.test("no clock makes the certificate invalid", async () => {
  const { cert } = await identityOf(KEY);
  const { validFrom, validTo } = new X509Certificate(cert);
  assertEquals(new Date(validFrom).getTime(), 0);
  assertEquals(new Date(validTo).toISOString(), "9999-12-31T23:59:59.000Z");
});
