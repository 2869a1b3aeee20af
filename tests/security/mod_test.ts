import { assert, assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { Certificate } from "../../lib/security/certificate.ts";
import { generateKey, parseKey } from "../../lib/security/key.ts";
import { receiverGuard, senderGuard } from "../../lib/security/mod.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { noise } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import { certificate } from "../support/pairs.ts";
import { listening } from "../support/serve_talk.ts";

const KEY = generateKey(), TOKEN = "a token of some length";

Deno.test("senderGuard() finds a way for what was asked, and none for nothing", () => {
  assertEquals(senderGuard({}), undefined);
  assert(senderGuard({ key: KEY }));
  assert(senderGuard({ tls: {}, key: KEY }));
  assert(senderGuard({ tls: {}, token: TOKEN }));
  assertEquals(receiverGuard({}), undefined);
  assert(receiverGuard({ key: KEY }));
  assert(senderGuard({ key: parseKey(KEY) }));
  assert(receiverGuard({ key: parseKey(KEY) }));
});

Deno.test("senderGuard() and receiverGuard() refuse what does not go together", () => {
  for (
    const [options, found] of [
      [{ key: "" }, "it is empty"],
      [{ key: KEY.slice(1) }, "does not begin with"],
      [{ key: new Uint8Array(31) }, "it has 31 bytes and must have 32"],
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
    () => senderGuard({ tls: {}, key: new Uint8Array(33) }),
    TransferError,
    "it has 33 bytes",
  );
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

/** Sends to a receiver that has the key in the other form. */
async function passes(tls?: Certificate): Promise<void> {
  const bytes = parseKey(KEY);
  for (const [ours, theirs] of [[KEY, bytes], [bytes, KEY]] as const) {
    const { server, sink } = listening({
      key: theirs,
      ...(tls ? { tls } : {}),
    });
    await using _server = server;
    assert("port" in server.addr);
    await send(noise(10), { ...server.addr, hostname: "localhost" }, {
      key: ours,
      name: "a",
      ...(tls ? { tls: { ca: [tls.cert] } } : {}),
    });
    assertEquals(sink.files.get("a"), noise(10));
  }
}

Deno.test("a key's text on one side and its bytes on the other are one key", () =>
  passes());

needs(
  ["openssl"],
  "a key's text and its bytes are one key inside TLS with a certificate",
  async () => passes(await certificate()),
);
