import { assertEquals } from "@std/assert";
import { type Code, TransferError } from "../../../lib/base/errors.ts";
import { bytesItem } from "../../../lib/source/item.ts";
import { receiptOf } from "../../../lib/transfer/receipt_frame.ts";
import { OutgoingEntry } from "../../../lib/transfer/sender/outgoing_entry.ts";
import { noise } from "../../support/helpers.ts";
import { receipt } from "../../support/scripted.ts";

const BYTES = noise(100);

function outgoing(): OutgoingEntry {
  const entry = { kind: "file", name: "a b", size: 100, mtime: 5 } as const;
  return new OutgoingEntry(bytesItem(BYTES, entry), 3);
}

function failed(code: Code, retriable = false): TransferError {
  return new TransferError(code, "Cannot: no", { retriable });
}

Deno.test("only the receiver's answer settles what was sent whole once", () => {
  const doubt = (failure?: TransferError) => {
    const one = outgoing();
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
  delivered.receipt = receiptOf(receipt(3, BYTES));
  assertEquals(delivered.inDoubt, false);
  assertEquals(outgoing().inDoubt, false, "nothing has broken");
});

Deno.test("retry() keeps what is known about an earlier connection's end", () => {
  const one = outgoing();
  one.unconfirmed = failed("lost");
  one.retry();
  assertEquals(one.unconfirmed?.code, "lost");
});

Deno.test("retry() gives a retriable failure another chance, and no other", () => {
  for (const retriable of [true, false]) {
    const one = outgoing();
    one.failure = failed("rejected", retriable);
    assertEquals(one.settled, true);
    one.retry();
    assertEquals(one.settled, !retriable);
  }
});

Deno.test("retry() leaves a receipt alone", () => {
  const one = outgoing();
  one.receipt = receiptOf(receipt(3, BYTES));
  one.retry();
  assertEquals([one.settled, one.receipt.bytes], [true, 100]);
});
