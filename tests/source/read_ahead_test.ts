import { assert, assertEquals, assertRejects } from "@std/assert";
import { bytesItem } from "../../lib/source/item.ts";
import { readAhead } from "../../lib/source/read_ahead.ts";
import type { Reading } from "../../lib/source/reader.ts";
import { joined, noise } from "../support/helpers.ts";

const HEAD = 24;

function buffers(size: number): [Uint8Array, Uint8Array] {
  return [new Uint8Array(HEAD + size), new Uint8Array(HEAD + size)];
}

function reading(bytes: Uint8Array): Promise<Reading> {
  return bytesItem(bytes, { kind: "file", name: "a" }).open("sha256");
}

Deno.test("readAhead() gives all bytes behind a free head, whatever the length", async () => {
  for (const length of [0, 1, 99, 100, 101, 1000]) {
    const blocks: Uint8Array[] = [];
    const source = await reading(noise(length));
    for await (const block of readAhead(source, buffers(100), HEAD)) {
      assert(block.length > HEAD && block.length <= HEAD + 100);
      blocks.push(block.slice(HEAD));
      block.fill(0xee); // the head is the caller's, and so is the block
    }
    assertEquals(joined(blocks), noise(length));
  }
});

Deno.test("readAhead() reads the next block while one is used", async () => {
  let begun = 0;
  const read = (into: Uint8Array) => {
    if (++begun > 3) return Promise.resolve(null);
    into[0] = begun;
    return Promise.resolve(1);
  };
  const source = { ...await reading(noise(0)), read };
  const seen: number[][] = [];
  for await (const block of readAhead(source, buffers(10), HEAD)) {
    seen.push([block[HEAD]!, begun]);
  }
  assertEquals(seen, [[1, 2], [2, 3], [3, 4]]);
});

Deno.test("readAhead() leaves a block alone until the next is asked for", async () => {
  const source = await reading(noise(1000));
  let at = 0;
  for await (const block of readAhead(source, buffers(10), HEAD)) {
    await new Promise((resolve) => setTimeout(resolve, 0)); // the read ahead
    assertEquals(block.subarray(HEAD), noise(1000).subarray(at, at + 10));
    at += 10;
  }
  assertEquals(at, 1000);
});

Deno.test("readAhead() gives what came before an error, then the error", async () => {
  let turn = 0;
  const read = (into: Uint8Array) => {
    if (turn++ > 0) return Promise.reject(new RangeError("shrank"));
    into[0] = 7;
    return Promise.resolve(1);
  };
  const source = { ...await reading(noise(0)), read };
  const seen: number[] = [];
  await assertRejects(async () => {
    for await (const block of readAhead(source, buffers(10), HEAD)) {
      seen.push(block[HEAD]!);
    }
  }, RangeError);
  assertEquals(seen, [7]);
});

Deno.test("readAhead() waits for the read ahead before it lets its buffers go", async () => {
  for (const fails of [false, true]) {
    let turn = 0, busy = false;
    const read = async () => {
      if (turn++ === 0) return 1;
      busy = true;
      await new Promise((resolve) => setTimeout(resolve, 0));
      busy = false;
      if (fails) throw new RangeError("nobody listens any more");
      return 1;
    };
    const source = { ...await reading(noise(0)), read };
    for await (const _block of readAhead(source, buffers(10), HEAD)) break;
    assertEquals([turn, busy], [2, false]);
  }
});
