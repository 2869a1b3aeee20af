import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Algorithm } from "../../lib/base/digest.ts";
import { TransferError } from "../../lib/base/errors.ts";
import {
  agree,
  checkAlgorithm,
  OFFER,
  type Offer,
  outOfTurn,
} from "../../lib/wire/hello.ts";
import { accept, data, end, receipt } from "../support/scripted.ts";

/** What two sides of this version agree on. */
const AGREED = { digest: "sha256", codec: "identity", features: 0 } as const;

Deno.test("agree() on this version's own offer, and on more of everything", () => {
  assertEquals(agree(OFFER, OFFER), AGREED);
  const more = { ...OFFER, features: 0xffff_ffff, digests: 3, codecs: 7 };
  assertEquals(agree(OFFER, more), AGREED);
});

Deno.test("agree() gives the features that both sides offer", () => {
  const one = { ...OFFER, features: 0x8000_0006 };
  const other = { ...OFFER, features: 0x8000_0003, required: 2 };
  assertEquals(agree(one, other).features, 0x8000_0002);
});

Deno.test("agree() says what is missing: protocol", () => {
  const [digests, codecs] = [{ digests: 2 }, { codecs: 0 }];
  for (
    const [ours, theirs, found] of [
      [{}, { required: 1 }, "it requires unknown features (1)"],
      [{ required: 1 }, {}, "it lacks required features (1)"],
      [{}, digests, "no digest in common (it has 2)"],
      [digests, {}, "no digest in common (it has 1)"],
      [{}, codecs, "no codec in common (it has 0)"],
      [codecs, {}, "no codec in common (it has 1)"],
    ] as const
  ) {
    const error = assertThrows(
      () => agree({ ...OFFER, ...ours }, { ...OFFER, ...theirs }),
      TransferError,
    );
    assertEquals([error.code, error.found], ["protocol", found]);
  }
});

Deno.test("agree() is the same on both sides, whatever they offer", () => {
  const few = fc.nat(3); // so that most pairs have something in common
  const offer = fc.record({
    features: few,
    required: fc.constantFrom(0, 0, 1),
    digests: few,
    codecs: few,
  });
  const tried = (one: Offer, other: Offer) => {
    try {
      return agree(one, other);
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      return error.code;
    }
  };
  fc.assert(fc.property(offer, offer, (one, other) => {
    assertEquals(tried(one, other), tried(other, one));
  }));
});

Deno.test("checkAlgorithm() takes the digests that were agreed on, and frames without one", () => {
  const bytes = new Uint8Array(1);
  for (const frame of [accept(0), data(0, bytes), end(0, bytes)]) {
    checkAlgorithm(frame, AGREED);
  }
});

Deno.test("checkAlgorithm() throws protocol for a digest by another algorithm", () => {
  const bytes = new Uint8Array(1);
  const other = { ...AGREED, digest: "another" as Algorithm };
  for (const frame of [accept(0), end(0, bytes), receipt(0, bytes)]) {
    const error = assertThrows(
      () => checkAlgorithm(frame, other),
      TransferError,
      `the peer said ${frame.type.toUpperCase()} with SHA-256 where`,
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
