import { assertEquals, assertThrows } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { TransferError } from "../../lib/base/errors.ts";
import {
  certificateHash,
  checkCertificate,
} from "../../lib/security/certificate.ts";
import { keyCertificateOf } from "../../lib/security/key_certificate.ts";
import { sha256Of } from "../support/helpers.ts";

const [ONE, OTHER] = await Promise.all(
  [1, 2].map((byte) => keyCertificateOf(new Uint8Array(32).fill(byte))),
);

Deno.test("checkCertificate() takes a chain whose first certificate has the key", () => {
  checkCertificate(ONE!);
  checkCertificate({ cert: ONE!.cert + OTHER!.cert, key: ONE!.key });
  for (
    const [certificate, found] of [
      [{ cert: OTHER!.cert + ONE!.cert, key: ONE!.key }, "does not belong"],
      [{ cert: ONE!.key, key: ONE!.key }, "both it and its key must be PEM"],
      [{ cert: ONE!.cert, key: ONE!.cert }, "both it and its key must be PEM"],
    ] as const
  ) {
    const error = assertThrows(
      () => checkCertificate(certificate),
      TransferError,
      found,
    );
    assertEquals(error.code, "usage");
  }
});

Deno.test("certificateHash() is the SHA-256 of the first certificate's DER", () => {
  const { raw } = new X509Certificate(ONE!.cert);
  const hash = certificateHash(ONE!.cert + OTHER!.cert);
  assertEquals(hash.toHex(), sha256Of(raw));
});
