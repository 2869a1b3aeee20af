import { assertEquals, assertRejects } from "@std/assert";
import { Digest } from "../../../lib/base/digest.ts";
import { TransferError } from "../../../lib/base/errors.ts";
import { BlockDigests, type Held } from "../../../lib/model/block_digests.ts";
import { bytesItem, readerItem } from "../../../lib/source/item.ts";
import { readerOf } from "../../../lib/source/stream_reader.ts";
import { findResumePoint } from "../../../lib/transfer/sender/resume_point.ts";
import { joined, noise } from "../../support/helpers.ts";

const MIB = 1_048_576;

const ENTRY = { kind: "file", name: "a" } as const;

async function digestsOf(bytes: Uint8Array): Promise<BlockDigests> {
  await using reading = await bytesItem(bytes, ENTRY).open("sha256");
  return await BlockDigests.of(
    (into) => reading.read(into),
    bytes.length,
    "sha256",
  );
}

async function agreeOn(own: Uint8Array, held: Uint8Array): Promise<number> {
  await using reading = await bytesItem(own, ENTRY).open("sha256");
  const agreed = await findResumePoint(
    reading,
    await digestsOf(held),
    () => false,
  );
  const { offset, digest } = agreed!;
  const prefix = new Digest();
  prefix.update(own.subarray(0, offset));
  assertEquals(digest.finish(), prefix.finish());
  // The source stands where sending goes on.
  const next = new Uint8Array(1);
  const count = await reading.read(next);
  assertEquals(count === null ? undefined : next[0], own[offset]);
  return offset;
}

function heldIn(block: number, bytes: Uint8Array): Held {
  const digest = new Digest();
  const prefixes: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += block) {
    digest.update(bytes.subarray(at, at + block));
    prefixes.push(new Digest(digest).finish());
  }
  return {
    length: bytes.length,
    block,
    algorithm: "sha256",
    digests: joined(prefixes),
  };
}

Deno.test("findResumePoint() goes on after the last block that is the same", async () => {
  const own = noise(3 * MIB + 5);
  const different = own.slice();
  different[2 * MIB + 1]! ^= 1;
  assertEquals(await agreeOn(own, own), own.length);
  assertEquals(await agreeOn(own, own.subarray(0, MIB + 7)), MIB + 7);
  assertEquals(await agreeOn(own, different), 2 * MIB);
  assertEquals(await agreeOn(own, new Uint8Array(10)), 0);
  assertEquals(await agreeOn(own, new Uint8Array(0)), 0);
});

Deno.test("findResumePoint() takes what is held beyond the source for a difference", async () => {
  const own = noise(MIB + 5);
  const longer = new Uint8Array(own.length + 1);
  longer.set(own);
  assertEquals(await agreeOn(own, longer), MIB);
});

Deno.test("findResumePoint() rejects with source when what is missing cannot be read again", async () => {
  const bytes = noise(2 * MIB);
  await using reading = await bytesItem(bytes, ENTRY).open("sha256");
  const late = { ...reading, origin: { offset: MIB, digest: new Digest() } };
  const error = await assertRejects(
    async () =>
      await findResumePoint(
        late,
        await digestsOf(bytes.subarray(0, 100)),
        () => false,
      ),
    TransferError,
    "the receiver holds 100 bytes",
  );
  assertEquals(error.code, "source");
});

Deno.test("findResumePoint() reads no further once nobody needs to know", async () => {
  const bytes = noise(4 * MIB);
  await using reading = await bytesItem(bytes, ENTRY).open("sha256");
  let reads = 0;
  const counted = {
    ...reading,
    read: (into: Uint8Array) => (reads++, reading.read(into)),
  };
  const agreed = await findResumePoint(
    counted,
    await digestsOf(bytes),
    () => reads >= 2,
  );
  assertEquals([agreed, reads], [null, 2]);
});

Deno.test("findResumePoint() leaves a stream a place to begin, however far it read", async () => {
  const bytes = noise(6 * MIB);
  const item = readerItem(
    readerOf(ReadableStream.from([bytes])),
    ENTRY,
    4 * MIB,
  );
  let reads = 0;
  await using first = await item.open("sha256");
  const counted = {
    ...first,
    read: (into: Uint8Array) => (reads++, first.read(into)),
  };
  const held = await digestsOf(bytes);
  assertEquals(await findResumePoint(counted, held, () => reads >= 6), null);
  await using again = await item.open("sha256");
  const agreed = await findResumePoint(again, held, () => false);
  assertEquals(agreed?.offset, bytes.length, "sha256");
});

Deno.test("findResumePoint() goes on with a stream whose blocks are longer than its memory", async () => {
  const bytes = noise(24 * MIB);
  const item = readerItem(
    readerOf(ReadableStream.from([bytes])),
    ENTRY,
    4 * MIB,
  );
  const held = heldIn(12 * MIB, bytes.subarray(0, 23 * MIB));
  await using first = await item.open("sha256");
  const into = new Uint8Array(MIB);
  const digest = new Digest();
  for (let at = 0; at < bytes.length; at += MIB) {
    await first.read(into);
    digest.update(into);
    first.mark?.(at + MIB, digest);
  }
  // 20 MiB are forgotten, and half of the rest is how far it can go back.
  await using again = await item.open("sha256");
  const agreed = await findResumePoint(again, held, () => false);
  assertEquals(agreed?.offset, 23 * MIB);
});

Deno.test("findResumePoint() goes on with no stream that it would have to go back too far in", async () => {
  const bytes = noise(12 * MIB);
  const item = readerItem(
    readerOf(ReadableStream.from([bytes])),
    ENTRY,
    4 * MIB,
  );
  await using reading = await item.open("sha256");
  const held = heldIn(4 * MIB, bytes.subarray(0, 11 * MIB));
  const agreed = await findResumePoint(reading, held, () => false);
  assertEquals(agreed?.offset, 0);
  assertEquals(await reading.read(new Uint8Array(10)), 10);
});
