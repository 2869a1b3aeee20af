import { assert, assertEquals } from "@std/assert";
import { tlsError } from "../../lib/security/tls_error.ts";

Deno.test("tlsError() tells a broken connection, a wrong certificate and another protocol apart", () => {
  const cases = [
    [new Error("received corrupt message of type InvalidMessage"), "protocol"],
    [new Error("received fatal alert: NoApplicationProtocol"), "protocol"],
    [new Error("peer doesn't support any known protocol"), "protocol"],
    [new Deno.errors.InvalidData("invalid peer certificate: Expired"), "auth"],
    [new Deno.errors.UnexpectedEof("eof"), "lost"],
    [new Deno.errors.ConnectionReset("reset"), "lost"],
    [Object.assign(new Error("read"), { code: "ECONNRESET" }), "lost"],
  ] as const;
  for (const [cause, code] of cases) assertEquals(tlsError(cause).code, code);
  const bad = tlsError(new Deno.errors.InvalidData("BadSignature"));
  assert(bad.message.includes("somebody may be in between"));
});

Deno.test("tlsError() advises who looked at the certificate, not who showed it", () => {
  const advice = "another one would do";
  const seen = tlsError(new Error("self-signed certificate"), advice);
  assert(seen.message.includes("trusted here (another one would do), or is"));
  for (const alert of ["UnknownCA", "DecryptError", "BadCertificate"]) {
    const shown = tlsError(new Error(`received fatal alert: ${alert}`));
    assert(shown.message.includes("the other side does not trust"), alert);
    assertEquals(shown.code, "auth");
  }
});
