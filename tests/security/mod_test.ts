import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { generateKey, parseKey } from "../../lib/security/key.ts";
import { keyCertificateOf } from "../../lib/security/key_certificate.ts";
import { keyedOf, receiverGuard, senderGuard } from "../../lib/security/mod.ts";

const KEY = generateKey(), TOKEN = "a token of some length";

Deno.test("senderGuard() finds a way for what was asked, and none for nothing", () => {
  assertEquals(senderGuard({}), undefined);
  assert(senderGuard({ key: KEY }));
  assert(senderGuard({ tls: {}, key: KEY }));
  assert(senderGuard({ tls: {}, token: TOKEN }));
  assertEquals(receiverGuard({}), undefined);
  assert(receiverGuard({ key: KEY }));
});

Deno.test("senderGuard() and receiverGuard() refuse what does not go together", () => {
  for (
    const [options, found] of [
      [{ key: "" }, "it is empty"],
      [{ key: KEY.slice(1) }, "does not begin with"],
      [{ token: TOKEN }, "a token is for TLS"],
      [{ key: KEY, token: TOKEN }, "exclude each other"],
    ] as const
  ) {
    for (const guard of [senderGuard, receiverGuard]) {
      const error = assertThrows(() => guard(options), TransferError, found);
      assertEquals(error.code, "usage");
    }
  }
  assertThrows(
    () => senderGuard({ tls: {} }),
    TransferError,
    "must go with it",
  );
  assertThrows(
    () => senderGuard({ tls: {}, token: " 15 characters   " }),
    TransferError,
    "has 13 characters and must have 16",
  );
});

Deno.test("keyedOf() derives the identity once, and again where it could not", async () => {
  let tries = 0;
  const { identity } = keyedOf(parseKey(KEY), (secret) => {
    const fails = ++tries < 3;
    return fails
      ? Promise.reject(new RangeError("no room"))
      : keyCertificateOf(secret);
  });
  const both = [identity(), identity()]; // one derivation for both
  for (const one of both) await assertRejects(() => one, RangeError);
  assertEquals(tries, 1);
  await assertRejects(identity, RangeError);
  const [made, again] = await Promise.all([identity(), identity()]);
  assertStrictEquals(made, again);
  assertEquals(tries, 3);
});
