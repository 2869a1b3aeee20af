import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DIGEST_BYTES } from "../../lib/base/digest.ts";
import { TransferError } from "../../lib/base/errors.ts";
import {
  BlockDigests,
  blockLayoutOf,
  MAX_BLOCKS,
} from "../../lib/model/block_digests.ts";
import { bytesItem } from "../../lib/source/item.ts";
import { noise } from "../support/helpers.ts";

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

Deno.test("BlockDigests shows one prefix for each block, the last one shorter", async () => {
  for (const [length, blocks] of [[0, 0], [1, 1], [MIB, 1], [MIB + 1, 2]]) {
    const { algorithm, digests } = await digestsOf(noise(length!));
    assertEquals(digests.length, blocks! * DIGEST_BYTES[algorithm]);
  }
});

Deno.test("BlockDigests has digests of no more than there is to read", async () => {
  await using reading = await bytesItem(noise(10), ENTRY).open("sha256");
  const held = await BlockDigests.of(
    (into) => reading.read(into),
    2 * MIB,
    "sha256",
  );
  assertEquals([held.length, held.algorithm], [10, "sha256"]);
  assertEquals(held.digests.length, DIGEST_BYTES.sha256);
});

Deno.test("blockLayoutOf() fits an ACCEPT, whatever the size", () => {
  const fits = (size: number) => {
    const { length, block } = blockLayoutOf(size);
    assertEquals([block % MIB, block < 2 ** 32], [0, true], `${block}`);
    assert(length <= size && Math.ceil(length / block) <= MAX_BLOCKS);
    // Nearly 4 TiB of it, at least.
    assert(length === size || length > 2 ** 42 - 2 ** 31, `${length}`);
  };
  for (const size of [0, 1, 2 ** 32, 2 ** 40, 2 ** 42 - 1, 2 ** 42, 2 ** 43]) {
    fits(size);
  }
  fc.assert(fc.property(fc.maxSafeNat(), fits));
});

Deno.test("BlockDigests.at() rejects with protocol where no block ends", async () => {
  const held = await digestsOf(noise(MIB + 10));
  for (const offset of [0, MIB, MIB + 10]) held.at(offset);
  for (const offset of [1, MIB - 1, MIB + 9, MIB + 11, 2 * MIB]) {
    assertEquals(
      assertThrows(() => held.at(offset), TransferError).code,
      "protocol",
    );
  }
});

/** What a receiver shows of bytes in blocks of a length of its own. */
