import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { OutgoingEntry } from "../../../lib/transfer/sender/outgoing_entry.ts";
import { TransmissionTable } from "../../../lib/transfer/sender/transmission_table.ts";
import { BYTES, item } from "../../support/delivery_talk.ts";
import { accept, end, ID, receipt } from "../../support/scripted.ts";

const WHY = new TransferError("lost", { doing: "hear", found: "it ended" });

/** Entries with these numbers, announced. */
function announced(...numbers: number[]): TransmissionTable {
  const table = new TransmissionTable(
    numbers.map((number) => new OutgoingEntry(item(number), number)),
  );
  for (const one of table.all) {
    assertEquals(table.announce(one).entry, one.entry.number);
  }
  return table;
}

/** Sends an entry whole; its END ends at a position of the connection. */
function sendWhole(table: TransmissionTable, number: number, at: number) {
  const one = table.find(number)!;
  one.accept(accept(number));
  one.start();
  const { length, algorithm, digest } = end(number, BYTES);
  one.end({ length, algorithm, digest }, at);
  return one;
}

Deno.test("an entry is found from its OPEN to its receipt or failure", () => {
  const table = new TransmissionTable([new OutgoingEntry(item(0), 0)]);
  assertEquals([table.find(0), table.unsettled], [undefined, 0]);
  table.announce(table.all[0]!);
  assertEquals([table.find(0), table.unsettled], [table.all[0]!, 1]);
  table.settle(sendWhole(table, 0, 9), receipt(0, BYTES), ID);
  assertEquals([table.find(0), table.unsettled], [undefined, 0]);
  assertEquals([table.allSettled, table.hasFailed(0)], [true, false]);
});

Deno.test("an entry that fails is no longer waited for, and the others are", () => {
  const table = announced(3, 5);
  table.fail(table.find(3)!.entry, WHY);
  assertEquals([table.find(3), table.unsettled], [undefined, 1]);
  assertEquals([table.hasFailed(3), table.hasFailed(5)], [true, false]);
  assertEquals([table.hasFailed(9), table.allSettled], [false, false]);
});

Deno.test("a receipt that does not fit leaves an entry unsettled", () => {
  const table = announced(0);
  const one = sendWhole(table, 0, 9);
  assertThrows(
    () => table.settle(one, receipt(0, BYTES, { length: 1 }), ID),
    TransferError,
  );
  assertEquals([table.find(0), table.confirmed], [one, 0]);
});

Deno.test("what the receiver has is counted once, however often it says so", () => {
  const table = announced(0, 1);
  table.count(table.find(0)!, 300);
  table.count(table.find(1)!, 10);
  table.count(table.find(0)!, 700);
  assertEquals(table.confirmed, 710);
  table.settle(sendWhole(table, 0, 9), receipt(0, BYTES), ID);
  assertEquals(table.confirmed, 1_010);
});

Deno.test("an entry is in doubt where the last byte of its END was written", () => {
  const table = announced(0, 1, 2, 3);
  sendWhole(table, 0, 500);
  sendWhole(table, 1, 501);
  sendWhole(table, 2, 499);
  table.fail(table.find(2)!.entry, WHY);
  table.leaveInDoubt(500, WHY);
  assertEquals(
    table.all.map(({ entry }) => entry.unconfirmed),
    [WHY, undefined, undefined, undefined],
  );
});
