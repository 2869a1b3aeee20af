import { assertEquals, assertThrows } from "@std/assert";
import { type Code, TransferError } from "../../../lib/base/errors.ts";
import { bytesItem } from "../../../lib/source/item.ts";
import { OutgoingEntry } from "../../../lib/transfer/sender/outgoing_entry.ts";
import { noise } from "../../support/helpers.ts";
import { digestOf, ID, receipt } from "../../support/scripted.ts";

const BYTES = noise(100);

function outgoing(): OutgoingEntry {
  const entry = { kind: "file", name: "a b", size: 100, mtime: 5 } as const;
  return new OutgoingEntry(bytesItem(BYTES, entry), 3);
}

/** An entry whose END was said. */
function ended(): OutgoingEntry {
  const one = outgoing();
  one.ended({ length: BYTES.length, digest: digestOf(BYTES) }, 500);
  return one;
}

Deno.test("an entry announces its number and what is known of it", () => {
  assertEquals(outgoing().announcement, {
    type: "open",
    entry: 3,
    kind: "file",
    name: "a b",
    size: 100,
    mtime: 5,
  });
});

Deno.test("a receipt that matches settles an entry", () => {
  const one = ended();
  one.settle(receipt(3, BYTES, { name: "a b" }), ID);
  assertEquals(one.settled, true);
  assertEquals(one.receipt?.name, "a b");
  assertEquals(one.receipt?.bytes, 100);
});

for (
  const [what, make, wrong, code, found] of [
    ["before the end", outgoing, {}, "protocol", "before its end"],
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
  ] as const
) {
  Deno.test(`a receipt ${what} settles nothing`, () => {
    const one = make();
    const error = assertThrows(
      () => one.settle(receipt(3, BYTES, wrong), ID),
      TransferError,
      found,
    );
    assertEquals([error.code, one.settled], [code, false]);
  });
}

Deno.test("restart() forgets one connection's progress", () => {
  const one = ended();
  one.stage = "accepted";
  one.has = 50;
  one.endsAt = 1;
  one.restart();
  assertEquals([one.stage, one.has, one.sent], ["waiting", 0, undefined]);
  assertEquals(one.endsAt, Infinity);
});

Deno.test("restart() keeps what is known about an earlier connection's end", () => {
  const one = ended();
  one.unconfirmed = new TransferError("lost", {
    doing: "hear",
    found: "it ended",
  });
  one.restart();
  assertEquals(one.unconfirmed?.code, "lost");
});

Deno.test("only the receiver's answer settles what was sent whole once", () => {
  const failed = (code: Code, retriable = false) =>
    new TransferError(code, "Cannot: no", { retriable });
  const doubt = (failure?: TransferError) => {
    const one = ended();
    one.unconfirmed = failed("lost");
    one.failure = failure;
    return one;
  };
  assertEquals(doubt().inDoubt, true);
  for (const code of ["source", "source-changed", "remote-io"] as const) {
    assertEquals(doubt(failed(code)).inDoubt, true);
  }
  assertEquals(doubt(failed("rejected", true)).inDoubt, true, "busy");
  assertEquals(doubt(failed("rejected")).inDoubt, false, "refused for good");
  const delivered = doubt();
  delivered.settle(receipt(3, BYTES), ID);
  assertEquals(delivered.inDoubt, false);
  assertEquals(ended().inDoubt, false, "nothing has broken");
});

Deno.test("restart() gives a retriable failure another chance, and no other", () => {
  for (const retriable of [true, false]) {
    const one = outgoing();
    one.failure = new TransferError("rejected", "Cannot: busy", { retriable });
    one.restart();
    assertEquals(one.settled, !retriable);
  }
});

Deno.test("restart() leaves a receipt alone", () => {
  const one = ended();
  one.settle(receipt(3, BYTES), ID);
  one.has = 100;
  one.restart();
  assertEquals([one.settled, one.has], [true, 100]);
});
