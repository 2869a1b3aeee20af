import { assertEquals } from "@std/assert";
import { conflictOf } from "../../lib/security/secret_rules.ts";

for (
  const [asked, conflict] of [
    ["", undefined],
    ["raw", undefined],
    ["key", undefined],
    ["key tls", undefined],
    ["token tls", undefined],
    ["raw key", "raw-and-secured"],
    ["raw token", "raw-and-secured"],
    ["raw tls", "raw-and-secured"],
    ["raw key token tls", "raw-and-secured"],
    ["key token", "key-and-token"],
    ["key token tls", "key-and-token"],
    ["token", "token-without-tls"],
    ["tls", "tls-without-secret"],
  ] as const
) {
  Deno.test(`conflictOf() of ${asked || "nothing"}: ${conflict}`, () => {
    const has = (one: string) => asked.split(" ").includes(one);
    const [key, token, tls] = [has("key"), has("token"), has("tls")];
    assertEquals(conflictOf({ key, token, tls, raw: has("raw") }), conflict);
    if (!has("raw")) assertEquals(conflictOf({ key, token, tls }), conflict);
  });
}
