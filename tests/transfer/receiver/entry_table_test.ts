import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { memorySink } from "../../../lib/sink/memory_sink.ts";
import { EntryTable } from "../../../lib/transfer/receiver/entry_table.ts";
import { IncomingEntry } from "../../../lib/transfer/receiver/incoming_entry.ts";
import {
  type Data,
  MAX_AHEAD,
  type Open,
  SESSION,
} from "../../../lib/wire/frames.ts";

function open(entry: number): Open {
  return { type: "open", entry, kind: "file", name: `f${entry}` };
}

function data(entry: number): Data {
  return { type: "data", entry, offset: 0, bytes: new Uint8Array(1) };
}

async function take(
  entries: EntryTable,
  entry: number,
): Promise<IncomingEntry> {
  entries.announce(open(entry));
  const incoming = await IncomingEntry.begin(
    open(entry),
    memorySink(),
    Infinity,
    "id",
    "sha256",
  );
  entries.add(incoming);
  return incoming;
}

function breaks(act: () => unknown): void {
  assertEquals(assertThrows(act, TransferError).code, "protocol");
}

Deno.test("entries are numbered upwards, and SESSION is no number", async () => {
  const entries = new EntryTable();
  await take(entries, 3);
  for (const number of [0, 3, SESSION]) {
    breaks(() => entries.announce(open(number)));
  }
  await take(entries, 7);
  assertEquals(entries.count, 2);
});

Deno.test("not more than MAX_AHEAD entries are open, and receipts make room", async () => {
  const entries = new EntryTable();
  for (let number = 0; number < MAX_AHEAD; number++) {
    await take(entries, number);
  }
  breaks(() => entries.announce(open(MAX_AHEAD)));
  entries.settle(0, 10);
  entries.announce(open(MAX_AHEAD));
});

Deno.test("data for a refused entry is passed over, for an unknown one it is not", async () => {
  const entries = new EntryTable();
  const incoming = await take(entries, 0);
  assertEquals(entries.find(data(0)), incoming);
  await entries.refuse(0);
  assertEquals(entries.find(data(0)), undefined);
  breaks(() => entries.find(data(1)));
});

Deno.test("nothing more may come for an entry that has its end", async () => {
  const entries = new EntryTable();
  const incoming = await take(entries, 0);
  incoming.phase = "syncing";
  breaks(() => entries.find(data(0)));
  assertEquals([entries.first, entries.unfinished], [incoming, undefined]);
});

Deno.test("the size of what is open is known while every one of them says its own", async () => {
  const entries = new EntryTable();
  assertEquals(entries.size, 0);
  const sized = async (more: Partial<Open>) => {
    const one = { ...open(entries.count), ...more };
    entries.announce(one);
    entries.add(
      await IncomingEntry.begin(one, memorySink(), Infinity, "id", "sha256"),
    );
  };
  await sized({ size: 10 });
  await sized({ kind: "directory" });
  await sized({ size: 5 });
  assertEquals(entries.size, 15);
  entries.settle(0, 10);
  assertEquals(entries.size, 5);
  await sized({});
  assertEquals(entries.size, undefined);
});

Deno.test("the total is known of a single entry, before and after its receipt", async () => {
  const entries = new EntryTable();
  const one = { ...open(0), size: 10 };
  entries.announce(one);
  assertEquals(entries.total, undefined, "it is not accepted yet");
  entries.add(
    await IncomingEntry.begin(one, memorySink(), Infinity, "id", "sha256"),
  );
  assertEquals([entries.total, entries.confirmed], [10, 0]);
  entries.settle(0, 10);
  assertEquals([entries.total, entries.confirmed], [10, 10]);
  await take(entries, 1);
  assertEquals([entries.total, entries.confirmed], [undefined, 10]);
});

Deno.test("the total is not known of an entry that failed, nor without a size", async () => {
  const failed = new EntryTable();
  await take(failed, 0);
  assertEquals(failed.total, undefined, "it has no size");
  await failed.refuse(0);
  assertEquals(failed.total, undefined, "it failed");
});

Deno.test("the bytes of one entry are not mixed with another's", async () => {
  const entries = new EntryTable();
  const first = await take(entries, 0);
  await take(entries, 1);
  entries.find(data(0));
  entries.find(data(0));
  breaks(() => entries.find(data(1)));
  first.phase = "verifying"; // its END has come
  entries.find(data(1));
});

Deno.test("refused entries are remembered as long as their bytes can come", async () => {
  const entries = new EntryTable();
  for (let number = 0; number < 1_000; number++) {
    await take(entries, number);
    await entries.refuse(number);
  }
  assertEquals(entries.find(data(999)), undefined);
  assertEquals(entries.find(data(1_000 - MAX_AHEAD)), undefined);
  breaks(() => entries.find(data(0)));
});
