import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { bytesItem } from "../../../lib/source/item.ts";
import { OutgoingEntry } from "../../../lib/transfer/sender/outgoing_entry.ts";
import { Transmission } from "../../../lib/transfer/sender/transmission.ts";
import { noise } from "../../support/helpers.ts";
import { accept, digestOf, ID, receipt } from "../../support/scripted.ts";

const BYTES = noise(100);

function outgoing(): OutgoingEntry {
  const entry = { kind: "file", name: "a b", size: 100, mtime: 5 } as const;
  return new OutgoingEntry(bytesItem(BYTES, entry), 3);
}

/** An entry whose bytes are being sent. */
function sending(): Transmission {
  const one = new Transmission(outgoing());
  one.announce();
  one.accept(accept(3));
  one.start();
  return one;
}

/** What its END says. */
const SENT = {
  length: BYTES.length,
  algorithm: "sha256",
  digest: digestOf(BYTES),
} as const;

/** An entry whose END was said. */
function ended(): Transmission {
  const one = sending();
  one.end(SENT, 500);
  return one;
}

/** The digest of the bytes, with one bit flipped in its byte `at`. */
function flipped(at: number): Uint8Array {
  const digest = digestOf(BYTES);
  digest[at]! ^= 1;
  return digest;
}

Deno.test("an entry goes from OPEN to END, one stage after the other", () => {
  const one = new Transmission(outgoing());
  assertEquals([one.stage, one.endPosition], ["waiting", Infinity]);
  assertEquals(one.announce(), {
    type: "open",
    entry: 3,
    kind: "file",
    name: "a b",
    size: 100,
    mtime: 5,
  });
  assertEquals(one.stage, "announced");
  const frame = { ...accept(3), held: 7, block: 8 };
  one.accept(frame);
  assertEquals([one.stage, one.endPosition], ["accepted", Infinity]);
  const held = one.start();
  assertEquals([held.length, held.block], [7, 8]);
  assertStrictEquals(held.digests, frame.digests);
  assertEquals([one.stage, one.endPosition], ["sending", Infinity]);
  one.end(SENT, 500);
  assertEquals([one.stage, one.endPosition], ["ended", 500]);
});

Deno.test("another connection begins anew, whatever the one before has done", () => {
  const before = ended();
  before.confirmed = 50;
  const one = new Transmission(before.entry);
  assertEquals(
    [one.stage, one.confirmed, one.endPosition],
    ["waiting", 0, Infinity],
  );
});

Deno.test("what a receiver holds is given once", () => {
  const one = sending();
  assertThrows(() => one.start(), RangeError);
});

Deno.test("a receipt that matches settles an entry", () => {
  const one = ended();
  const given = one.settle(receipt(3, BYTES, { name: "a b" }), ID);
  assertEquals(one.entry.settled, true);
  assertStrictEquals(one.entry.receipt, given);
  assertEquals([given.name, given.bytes], ["a b", 100]);
});

for (
  const [what, make, wrong, code, found] of [
    ["before the end", sending, {}, "protocol", "before its end"],
    [
      "of another transfer",
      ended,
      { id: ID.toReversed() },
      "integrity",
      "its id is another transfer's",
    ],
    [
      "for another length",
      ended,
      { length: 99 },
      "integrity",
      "it is for 99 bytes and 100 were sent",
    ],
    [
      "for other content",
      ended,
      { digest: digestOf(noise(99)) },
      "integrity",
      "its SHA-256 differs from what was sent",
    ],
    [
      "whose digest differs in its first byte",
      ended,
      { digest: flipped(0) },
      "integrity",
      "its SHA-256 differs from what was sent",
    ],
    [
      "whose digest differs in its last byte",
      ended,
      { digest: flipped(31) },
      "integrity",
      "its SHA-256 differs from what was sent",
    ],
  ] as const
) {
  Deno.test(`a receipt ${what} settles nothing`, () => {
    const one = make();
    const error = assertThrows(
      () => one.settle(receipt(3, BYTES, wrong), ID),
      TransferError,
      found,
    );
    assertEquals([error.code, one.entry.settled], [code, false]);
  });
}
