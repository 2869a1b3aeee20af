import { assertEquals, assertRejects } from "@std/assert";
import type { Algorithm } from "../../lib/base/digest.ts";
import type { Entry } from "../../lib/model/entry.ts";
import {
  bytesItem,
  directoryItem,
  readerItem,
  releasing,
} from "../../lib/source/item.ts";
import { readerOf } from "../../lib/source/stream_reader.ts";
import { noise, readAll, rejectsWith } from "../support/helpers.ts";

const ENTRY: Entry = { kind: "file", name: "a" };

Deno.test("bytesItem() gives the bytes, each time anew", async () => {
  const item = bytesItem(noise(2500), ENTRY);
  for (let turn = 0; turn < 2; turn++) {
    await using reading = await item.open("sha256");
    assertEquals(await readAll(reading), noise(2500));
    assertEquals(await reading.read(new Uint8Array(1)), null);
    await reading.verify();
  }
  assertEquals(item.entry, ENTRY);
});

Deno.test("bytesItem() and directoryItem() end at once where there are no bytes", async () => {
  const directory = directoryItem({ kind: "directory", name: "d" });
  for (const item of [bytesItem(new Uint8Array(0), ENTRY), directory]) {
    await using reading = await item.open("sha256");
    assertEquals(await reading.read(new Uint8Array(1)), null);
  }
});

Deno.test("each item has an origin whose digest is of the algorithm asked for", async () => {
  const another = "sha512" as string as Algorithm; // one that node:crypto has
  const stream = ReadableStream.from([noise(10)]);
  const items = {
    bytes: bytesItem(noise(10), ENTRY),
    directory: directoryItem({ kind: "directory", name: "d" }),
    reader: readerItem(readerOf(stream), ENTRY),
  };
  for (const [kind, item] of Object.entries(items)) {
    for (const algorithm of ["sha256", another] as const) {
      await using reading = await item.open(algorithm);
      assertEquals(reading.origin.digest.algorithm, algorithm, kind);
    }
  }
});

Deno.test("readerItem() remembers what was read once, for another attempt", async () => {
  const item = readerItem(readerOf(ReadableStream.from([noise(10)])), ENTRY);
  for (let attempt = 0; attempt < 2; attempt++) {
    await using reading = await item.open("sha256");
    assertEquals(await readAll(reading), noise(10));
  }
});

Deno.test("readerItem() rejects with source when its reader fails", async () => {
  const read = () =>
    Promise.reject(new Error("Input/output error (os error 5)"));
  await using reading = await readerItem({ read }, ENTRY).open("sha256");
  await rejectsWith(
    "source",
    () => reading.read(new Uint8Array(1)),
    'Cannot read "a": Input/output error',
  );
});

Deno.test("releasing() lets go of each item once, with the reason of a failure", async () => {
  const heard: unknown[] = [];
  const release = (reason: unknown) => heard.push(reason);
  const items = [0, 1].map(() => ({
    ...bytesItem(noise(1), ENTRY),
    release,
  }));
  assertEquals(await releasing(items, () => Promise.resolve(7)), 7);
  assertEquals(heard, [undefined, undefined]);
  const reason = new RangeError("no");
  await assertRejects(
    () =>
      releasing([...items, bytesItem(noise(1), ENTRY)], () => {
        throw reason;
      }),
    RangeError,
  );
  assertEquals(heard.slice(2), [reason, reason]);
});
