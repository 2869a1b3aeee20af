import { assertEquals } from "@std/assert";
import { Digest } from "../lib/digest.ts";
import type { Reading } from "../lib/reading.ts";
import { readerOf } from "../lib/stream_reader.ts";
import { ReplayBuffer } from "../lib/replay_buffer.ts";
import { noise } from "./helpers.ts";

const SIZE = 1_024;

function bufferOver(bytes: Uint8Array): ReplayBuffer {
  return new ReplayBuffer(readerOf(ReadableStream.from([bytes])), SIZE);
}

/** Reads on and notes the digests, as the sender does. */
async function readOn(reading: Reading, bytes: number): Promise<Uint8Array> {
  const digest = new Digest(reading.origin.digest);
  const read = new Uint8Array(bytes);
  let at = 0;
  while (at < bytes) {
    const count = await reading.read(read.subarray(at, at + 100));
    if (count === null) break;
    digest.update(read.subarray(at, at + count));
    at += count;
    reading.mark?.(reading.origin.offset + at, digest);
  }
  return read.subarray(0, at);
}

Deno.test("ReplayBuffer gives everything from the start while it still has it", async () => {
  const bytes = noise(SIZE / 2);
  const buffer = bufferOver(bytes);
  assertEquals(await readOn(buffer.open(), 200), bytes.subarray(0, 200));
  const again = buffer.open();
  assertEquals(again.origin.offset, 0);
  assertEquals(await readOn(again, SIZE), bytes);
});

Deno.test("ReplayBuffer begins later when the start is forgotten, with the digest of it", async () => {
  const bytes = noise(10 * SIZE);
  const buffer = bufferOver(bytes);
  await readOn(buffer.open(), 5 * SIZE);
  const again = buffer.open();
  const { offset, digest } = again.origin;
  assertEquals(offset > 4 * SIZE - 200 && offset <= 5 * SIZE, true);
  const forgotten = new Digest();
  forgotten.update(bytes.subarray(0, offset));
  assertEquals(new Digest(digest).finish(), forgotten.finish());
  assertEquals(await readOn(again, 10 * SIZE), bytes.subarray(offset));
});

Deno.test("ReplayBuffer lets two readings wait for the same read", async () => {
  const gate = Promise.withResolvers<Uint8Array>();
  async function* late() {
    yield await gate.promise;
  }
  const buffer = new ReplayBuffer(readerOf(late()), SIZE);
  const left = buffer.open().read(new Uint8Array(10)); // by a dead connection
  const right = buffer.open().read(new Uint8Array(10));
  gate.resolve(noise(10));
  assertEquals([await left, await right], [10, 10]);
});

Deno.test("ReplayBuffer ends where its reader ends, each time it is asked", async () => {
  const buffer = bufferOver(noise(3));
  for (let turn = 0; turn < 2; turn++) {
    assertEquals((await readOn(buffer.open(), 10)).length, 3);
  }
});
