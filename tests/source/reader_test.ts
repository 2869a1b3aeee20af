import { assertEquals } from "@std/assert";
import { bytesItem, readerItem } from "../../lib/source/item.ts";
import type { Reading } from "../../lib/source/reader.ts";
import { readerOf } from "../../lib/source/stream_reader.ts";
import { noise } from "../support/helpers.ts";

const ENTRY = { kind: "file", name: "a" } as const;

const ITEMS = {
  bytes: bytesItem(noise(1_000), ENTRY),
  reader: readerItem(readerOf(ReadableStream.from([noise(1_000)])), ENTRY),
};

for (const [kind, item] of Object.entries(ITEMS)) {
  Deno.test(`a reading of ${kind} gives the same again after seek(0)`, async () => {
    await using reading: Reading = await item.open("sha256");
    assertEquals(reading.origin.offset, 0);
    for (let turn = 0; turn < 2; turn++) {
      const all = new Uint8Array(1_000);
      let at = 0;
      for (let n; (n = await reading.read(all.subarray(at, at + 300)));) {
        at += n;
      }
      assertEquals(all, noise(1_000));
      await reading.seek(0);
    }
  });
}
