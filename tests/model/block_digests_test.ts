import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Digest, DIGEST_BYTES } from "../../lib/base/digest.ts";
import { TransferError } from "../../lib/base/errors.ts";
import { MAX_PROOF_BLOCKS } from "../../lib/wire/frames.ts";
import { agree, Proof, provable } from "../../lib/model/block_digests.ts";
import { bytesItem, readerItem } from "../../lib/source/item.ts";
import { readerOf } from "../../lib/source/stream_reader.ts";
import type { Held } from "../../lib/sink/sink.ts";
import { joined, noise } from "../support/helpers.ts";

const MIB = 1_048_576;

async function proofOf(bytes: Uint8Array): Promise<Proof> {
  await using reading = await bytesItem(bytes, ENTRY).open();
  return await Proof.of((into) => reading.read(into), bytes.length);
}

const ENTRY = { kind: "file", name: "a" } as const;

async function agreeOn(own: Uint8Array, held: Uint8Array): Promise<number> {
  await using reading = await bytesItem(own, ENTRY).open();
  const agreed = await agree(reading, await proofOf(held), () => false);
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

Deno.test("Proof shows one prefix for each block, the last one shorter", async () => {
  for (const [length, blocks] of [[0, 0], [1, 1], [MIB, 1], [MIB + 1, 2]]) {
    const { proof } = await proofOf(noise(length!));
    assertEquals(proof.length, blocks! * DIGEST_BYTES);
  }
});

Deno.test("Proof proves no more than there is to read", async () => {
  await using reading = await bytesItem(noise(10), ENTRY).open();
  const proof = await Proof.of((into) => reading.read(into), 2 * MIB);
  assertEquals([proof.length, proof.proof.length], [10, DIGEST_BYTES]);
});

Deno.test("provable() fits an ACCEPT, whatever the size", () => {
  const fits = (size: number) => {
    const { length, block } = provable(size);
    assertEquals([block % MIB, block < 2 ** 32], [0, true], `${block}`);
    assert(length <= size && Math.ceil(length / block) <= MAX_PROOF_BLOCKS);
    // Nearly 4 TiB of it, at least.
    assert(length === size || length > 2 ** 42 - 2 ** 31, `${length}`);
  };
  for (const size of [0, 1, 2 ** 32, 2 ** 40, 2 ** 42 - 1, 2 ** 42, 2 ** 43]) {
    fits(size);
  }
  fc.assert(fc.property(fc.maxSafeNat(), fits));
});

Deno.test("Proof.at() rejects with protocol where nothing was proven", async () => {
  const proof = await proofOf(noise(MIB + 10));
  for (const offset of [0, MIB, MIB + 10]) proof.at(offset);
  for (const offset of [1, MIB - 1, MIB + 9, MIB + 11, 2 * MIB]) {
    assertEquals(
      assertThrows(() => proof.at(offset), TransferError).code,
      "protocol",
    );
  }
});

Deno.test("agree() goes on after the last block that is the same", async () => {
  const own = noise(3 * MIB + 5);
  const different = own.slice();
  different[2 * MIB + 1]! ^= 1;
  assertEquals(await agreeOn(own, own), own.length);
  assertEquals(await agreeOn(own, own.subarray(0, MIB + 7)), MIB + 7);
  assertEquals(await agreeOn(own, different), 2 * MIB);
  assertEquals(await agreeOn(own, new Uint8Array(10)), 0);
  assertEquals(await agreeOn(own, new Uint8Array(0)), 0);
});

Deno.test("agree() takes what is held beyond the source for a difference", async () => {
  const own = noise(MIB + 5);
  const longer = new Uint8Array(own.length + 1);
  longer.set(own);
  assertEquals(await agreeOn(own, longer), MIB);
});

Deno.test("agree() rejects with source when what is missing cannot be read again", async () => {
  const bytes = noise(2 * MIB);
  await using reading = await bytesItem(bytes, ENTRY).open();
  const late = { ...reading, origin: { offset: MIB, digest: new Digest() } };
  const error = await assertRejects(
    async () =>
      await agree(late, await proofOf(bytes.subarray(0, 100)), () => false),
    TransferError,
    "the receiver holds 100 bytes",
  );
  assertEquals(error.code, "source");
});

Deno.test("agree() reads no further once nobody needs to know", async () => {
  const bytes = noise(4 * MIB);
  await using reading = await bytesItem(bytes, ENTRY).open();
  let reads = 0;
  const counted = {
    ...reading,
    read: (into: Uint8Array) => (reads++, reading.read(into)),
  };
  const agreed = await agree(counted, await proofOf(bytes), () => reads >= 2);
  assertEquals([agreed, reads], [null, 2]);
});

Deno.test("agree() leaves a stream a place to begin, however far it read", async () => {
  const bytes = noise(6 * MIB);
  const item = readerItem(
    readerOf(ReadableStream.from([bytes])),
    ENTRY,
    4 * MIB,
  );
  let reads = 0;
  await using first = await item.open();
  const counted = {
    ...first,
    read: (into: Uint8Array) => (reads++, first.read(into)),
  };
  const held = await proofOf(bytes);
  assertEquals(await agree(counted, held, () => reads >= 6), null);
  await using again = await item.open();
  const agreed = await agree(again, held, () => false);
  assertEquals(agreed?.offset, bytes.length);
});

/** What a receiver shows of bytes in blocks of a length of its own. */
function heldIn(block: number, bytes: Uint8Array): Held {
  const digest = new Digest();
  const prefixes: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += block) {
    digest.update(bytes.subarray(at, at + block));
    prefixes.push(new Digest(digest).finish());
  }
  return { length: bytes.length, block, proof: joined(prefixes) };
}

Deno.test("agree() goes on with a stream whose blocks are longer than its memory", async () => {
  const bytes = noise(24 * MIB);
  const item = readerItem(
    readerOf(ReadableStream.from([bytes])),
    ENTRY,
    4 * MIB,
  );
  const held = heldIn(12 * MIB, bytes.subarray(0, 23 * MIB));
  await using first = await item.open();
  const into = new Uint8Array(MIB);
  const digest = new Digest();
  for (let at = 0; at < bytes.length; at += MIB) {
    await first.read(into);
    digest.update(into);
    first.mark?.(at + MIB, digest);
  }
  // 20 MiB are forgotten, and half of the rest is how far it can go back.
  await using again = await item.open();
  const agreed = await agree(again, held, () => false);
  assertEquals(agreed?.offset, 23 * MIB);
});

Deno.test("agree() goes on with no stream that it would have to go back too far in", async () => {
  const bytes = noise(12 * MIB);
  const item = readerItem(
    readerOf(ReadableStream.from([bytes])),
    ENTRY,
    4 * MIB,
  );
  await using reading = await item.open();
  const held = heldIn(4 * MIB, bytes.subarray(0, 11 * MIB));
  const agreed = await agree(reading, held, () => false);
  assertEquals(agreed?.offset, 0);
  assertEquals(await reading.read(new Uint8Array(10)), 10);
});
