import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Algorithm, Digest } from "../../lib/base/digest.ts";
import { TransferError } from "../../lib/base/errors.ts";
import type { Reading } from "../../lib/source/reader.ts";
import { ReplayBuffer } from "../../lib/source/replay_buffer.ts";
import { readerOf } from "../../lib/source/stream_reader.ts";
import { noise, rejectsWith } from "../support/helpers.ts";

const SIZE = 1_024;

/** An algorithm that node:crypto has and no peer can agree on. */
const ANOTHER = "sha512" as string as Algorithm;

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
  assertEquals(
    await readOn(buffer.open("sha256"), 200),
    bytes.subarray(0, 200),
  );
  const again = buffer.open("sha256");
  assertEquals(again.origin.offset, 0);
  assertEquals(await readOn(again, SIZE), bytes);
});

Deno.test("ReplayBuffer begins later when the start is forgotten, with the digest of it", async () => {
  const bytes = noise(10 * SIZE);
  const buffer = bufferOver(bytes);
  await readOn(buffer.open("sha256"), 5 * SIZE);
  const again = buffer.open("sha256");
  const { offset, digest } = again.origin;
  assertEquals(offset > 4 * SIZE - 200 && offset <= 5 * SIZE, true);
  const forgotten = new Digest();
  forgotten.update(bytes.subarray(0, offset));
  assertEquals(new Digest(digest).finish(), forgotten.finish());
  assertEquals(await readOn(again, 10 * SIZE), bytes.subarray(offset));
});

Deno.test("ReplayBuffer keeps few digests, however short the reads are", async () => {
  const bytes = noise(4 * SIZE);
  const buffer = bufferOver(bytes);
  const digest = new Digest();
  const origins = new Set<number>();
  for (let at = 0; at < bytes.length; at++) {
    const reading = buffer.open("sha256"); // from the first digest that is kept
    origins.add(reading.origin.offset);
    await reading.seek(at);
    await reading.read(new Uint8Array(1));
    digest.update(bytes.subarray(at, at + 1));
    reading.mark?.(at + 1, digest);
  }
  // 64 in each length of the buffer; the last one's are not looked at.
  assert(origins.size <= 3 * 64 + 1, `${origins.size} digests`);
  assert(origins.size > 2 * 64, `${origins.size} digests`);
});

Deno.test("ReplayBuffer gives what a reading waits for to the one after it", async () => {
  const gate = Promise.withResolvers<Uint8Array>();
  async function* late() {
    yield await gate.promise;
  }
  const buffer = new ReplayBuffer(readerOf(late()), SIZE);
  const before = buffer.open("sha256"); // by a connection that is dead
  const left = rejectsWith("internal", () => before.read(new Uint8Array(10)));
  const right = buffer.open("sha256").read(new Uint8Array(10));
  gate.resolve(noise(10));
  assertEquals(await right, 10);
  await left;
  await rejectsWith("internal", () => before.read(new Uint8Array(10)));
  await rejectsWith("internal", () => before.seek(0));
});

Deno.test("ReplayBuffer is not moved on by a reading that another came after", async () => {
  const bytes = noise(4 * SIZE);
  const buffer = bufferOver(bytes);
  const before = buffer.open("sha256");
  const now = buffer.open("sha256");
  const into = new Uint8Array(100);
  await now.read(into);
  for (let turn = 0; turn < 40; turn++) {
    await rejectsWith("internal", () => before.read(into));
  }
  assertEquals(await now.read(into), 100);
  assertEquals(into, bytes.slice(100, 200));
});

Deno.test("ReplayBuffer rejects with source for what it has forgotten", async () => {
  const buffer = bufferOver(noise(4 * SIZE));
  const reading = buffer.open("sha256");
  const into = new Uint8Array(100);
  for (let turn = 0; turn < 20; turn++) await reading.read(into); // no marks
  await rejectsWith("source", () => reading.seek(0), "cannot be read again");
  assertThrows(
    () => buffer.open("sha256"),
    TransferError,
    "cannot be read again",
  );
});

Deno.test("ReplayBuffer begins at 0 for another algorithm while it still has the start", async () => {
  const bytes = noise(SIZE / 2);
  const buffer = bufferOver(bytes);
  await readOn(buffer.open("sha256"), 200);
  const again = buffer.open(ANOTHER);
  const { offset, digest } = again.origin;
  assertEquals([offset, digest.algorithm], [0, ANOTHER]);
  assertEquals(new Digest(digest).finish(), new Digest(ANOTHER).finish());
  assertEquals(await readOn(again, SIZE), bytes);
});

Deno.test("ReplayBuffer rejects with source for another algorithm when the start is forgotten", async () => {
  const buffer = bufferOver(noise(10 * SIZE));
  await readOn(buffer.open("sha256"), 5 * SIZE);
  const error = assertThrows(
    () => buffer.open(ANOTHER),
    TransferError,
    "cannot be read again",
  );
  assertEquals(error.code, "source");
});

Deno.test("ReplayBuffer keeps the digests of the algorithm that it was opened for", async () => {
  const bytes = noise(10 * SIZE);
  const buffer = bufferOver(bytes);
  await readOn(buffer.open("sha256"), 200);
  await readOn(buffer.open(ANOTHER), 5 * SIZE);
  const { offset, digest } = buffer.open(ANOTHER).origin;
  assert(offset > 0, "the start is forgotten");
  const forgotten = new Digest(ANOTHER);
  forgotten.update(bytes.subarray(0, offset));
  assertEquals(new Digest(digest).finish(), forgotten.finish());
});

Deno.test("ReplayBuffer counts what a read may be writing over as forgotten", async () => {
  const bytes = noise(4 * SIZE);
  const gate = Promise.withResolvers<void>();
  let end = 0;
  const buffer = new ReplayBuffer({
    async read(into) {
      if (end === SIZE) {
        into.fill(0);
        await gate.promise;
      }
      into.set(bytes.subarray(end, end += into.length));
      return into.length;
    },
  }, SIZE);
  const reading = buffer.open("sha256");
  const into = new Uint8Array(128);
  while (end < SIZE) await reading.read(into);
  const waiting = reading.read(into);
  await rejectsWith("source", () => reading.seek(127));
  await reading.seek(128);
  gate.resolve();
  await waiting;
});

Deno.test("ReplayBuffer does not take a failure for an end, asked again", async () => {
  async function* broken() {
    yield await Promise.resolve(noise(10));
    throw new TransferError("source", { doing: "read", found: "unplugged" });
  }
  const buffer = new ReplayBuffer(readerOf(broken()), SIZE);
  for (let turn = 0; turn < 2; turn++) {
    await rejectsWith(
      "source",
      () => readOn(buffer.open("sha256"), 20),
      "unplugged",
    );
  }
});

Deno.test("ReplayBuffer ends where its reader ends, each time it is asked", async () => {
  const buffer = bufferOver(noise(3));
  for (let turn = 0; turn < 2; turn++) {
    assertEquals((await readOn(buffer.open("sha256"), 10)).length, 3);
  }
});
