import { assertEquals } from "@std/assert";
import { Digest } from "../../lib/base/digest.ts";
import { reportOf } from "../../lib/raw/report.ts";
import { utf8 } from "../support/helpers.ts";

Deno.test("reportOf() tells a digest only where one was taken", () => {
  assertEquals(reportOf(3, undefined), { bytes: 3, clean: true });
  const digest = new Digest();
  digest.update(utf8("abc"));
  assertEquals(reportOf(3, digest), {
    bytes: 3,
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    clean: true,
  });
});
