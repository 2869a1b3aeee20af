import { assert, assertEquals, assertRejects } from "@std/assert";
import { Digest } from "../../lib/base/digest.ts";
import { BlockWriter } from "../../lib/raw/block_writer.ts";
import { joined, noise } from "../support/helpers.ts";

/** A disk whose writes end when the test says so. */
function slowDisk() {
  const pieces: Uint8Array[] = [];
  let release = () => {};
  return {
    pieces,
    release: () => release(),
    write(piece: Uint8Array): Promise<void> {
      pieces.push(piece.slice());
      const { promise, resolve } = Promise.withResolvers<void>();
      release = resolve;
      return promise;
    },
  };
}

/** A disk that keeps what it is given. */
function disk() {
  const pieces: Uint8Array[] = [];
  return {
    pieces,
    async write(piece: Uint8Array) {
      await Promise.resolve();
      pieces.push(piece.slice()); // a block that changes meanwhile would show
    },
  };
}

/** Puts bytes where they belong, as much at a time as fits. */
async function put(to: BlockWriter, bytes: Uint8Array, most = Infinity) {
  for (let at = 0; at < bytes.length;) {
    const { free } = to;
    assert(free.length > 0);
    const count = Math.min(free.length, bytes.length - at, most);
    free.set(bytes.subarray(at, at + count));
    at += count;
    await to.add(count);
  }
}

Deno.test("BlockWriter writes every byte in order, and takes their digest", async () => {
  const bytes = noise(9_000_000);
  for (const most of [Infinity, 1_000_003, 70_000]) {
    const [to, digest, whole] = [disk(), new Digest(), new Digest()];
    const writer = new BlockWriter(to, digest);
    await put(writer, bytes, most);
    await writer.end();
    assertEquals(writer.total, bytes.length);
    assertEquals(joined(to.pieces), bytes);
    whole.update(bytes);
    assertEquals(digest.finish(), whole.finish());
  }
});

Deno.test("BlockWriter passes on what there is, and gathers while the disk is busy", async () => {
  const to = slowDisk();
  const writer = new BlockWriter(to);
  await put(writer, noise(10));
  assertEquals(to.pieces.length, 1);
  for (let turn = 0; turn < 5; turn++) await put(writer, noise(10));
  assertEquals(to.pieces.length, 1);
  const ended = writer.end();
  to.release();
  while (to.pieces.length < 2) await Promise.resolve();
  to.release();
  await ended;
  assertEquals(to.pieces.map(({ length }) => length), [10, 50]);
});

Deno.test("BlockWriter ends its blocks at multiples of 4 MiB", async () => {
  const to = disk();
  const writer = new BlockWriter(to);
  await put(writer, noise(10_000_000));
  await writer.end();
  let at = 0;
  const ends = to.pieces.map(({ length }) => at += length);
  assertEquals(ends.filter((end) => end % 4_194_304 === 0).length, 2);
});

Deno.test("BlockWriter writes nothing of nothing", async () => {
  const to = disk();
  await new BlockWriter(to).end();
  assertEquals(to.pieces, []);
});

Deno.test("BlockWriter says at the next turn that a write failed", async () => {
  const full = () => Promise.reject(new RangeError("full"));
  const writer = new BlockWriter({ write: full });
  await put(writer, noise(1));
  await assertRejects(() => put(writer, noise(1)), RangeError, "full");
  await writer.idle();
  await assertRejects(() => writer.end(), RangeError, "full");
});
