import { assert, assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { generateKey } from "../../lib/security/key.ts";
import { receiverGuard, senderGuard } from "../../lib/security/mod.ts";

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
