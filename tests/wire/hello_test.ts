import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { Hello } from "../../lib/wire/frames.ts";
import { checkOffer, OFFER, outOfTurn } from "../../lib/wire/hello.ts";

const HELLO: Hello = { type: "hello", id: new Uint8Array(16), ...OFFER };

Deno.test("checkOffer() takes this version's own offer, and more of everything", () => {
  checkOffer(HELLO);
  checkOffer({ ...HELLO, features: 0xffff, digests: 3, codecs: 7 });
});

Deno.test("checkOffer() says what is missing", () => {
  for (const change of [{ required: 1 }, { digests: 2 }, { codecs: 0 }]) {
    const error = assertThrows(
      () => checkOffer({ ...HELLO, ...change }),
      TransferError,
      "it insists on what this version has not",
    );
    assertEquals(error.code, "protocol");
  }
});

Deno.test("outOfTurn() tells an end from a wrong word", () => {
  const nonce = { type: "nonce", nonce: new Uint8Array(32) } as const;
  assertEquals(
    [outOfTurn("hello", null), outOfTurn("proof", nonce)].map(
      ({ code, message }) => [code, message.split(": ")[1]],
    ),
    [
      ["lost", "it ended before its HELLO"],
      ["protocol", "it said NONCE where PROOF was due"],
    ],
  );
});
