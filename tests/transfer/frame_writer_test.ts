import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { TransferError } from "../../lib/base/errors.ts";
import {
  BATCH_BYTES,
  FrameWriter,
  nextBatch,
} from "../../lib/transfer/frame_writer.ts";
import { joined, noise } from "../support/helpers.ts";

Deno.test("nextBatch() gives a large piece as it is", () => {
  const large = new Uint8Array(BATCH_BYTES + 1), small = new Uint8Array(1);
  const queue = [large, small];
  assertStrictEquals(nextBatch(queue), large);
  assertEquals(queue, [small]);
});

Deno.test("nextBatch() loses, adds and reorders nothing", () => {
  const piece = fc.uint8Array({ minLength: 1, maxLength: 30_000 });
  const pieces = fc.array(piece, { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(pieces, (pieces) => {
      const queue = [...pieces], batches: Uint8Array[] = [];
      while (queue.length > 0) batches.push(nextBatch(queue));
      assertEquals(joined(batches), joined(pieces));
      assertEquals(batches.every(({ length }) => length <= BATCH_BYTES), true);
    }),
    { numRuns: 50 },
  );
});

Deno.test("nextBatch() puts together what fits, and leaves the rest", () => {
  const queue = [1, 2, 3].map((first) => noise(30_000).fill(first, 0, 1));
  const [one, two, three] = queue;
  assertEquals(nextBatch(queue), joined([one!, two!]));
  assertEquals(queue, [three]);
});

/** A writer, and what its connection was given, some bytes at a time. */
function writing(most = Infinity) {
  const pieces: Uint8Array[] = [];
  const writer = new FrameWriter((bytes) => {
    const piece = bytes.slice(0, most);
    pieces.push(piece);
    return Promise.resolve(piece.length);
  });
  return { writer, pieces };
}

Deno.test("FrameWriter writes together what is added in one turn", async () => {
  const { writer, pieces } = writing();
  const [one, two] = [noise(10), noise(20)];
  writer.add(one);
  writer.add(two);
  assertEquals([writer.said, writer.written, writer.quiet], [30, 0, false]);
  await writer.flush();
  assertEquals([writer.said, writer.written, writer.quiet], [30, 30, true]);
  assertEquals(pieces, [joined([one, two])]);
});

Deno.test("FrameWriter writes at once where it is told to", () => {
  const { writer, pieces } = writing();
  writer.add(noise(10), true);
  assertEquals(pieces, [noise(10)]);
});

Deno.test("FrameWriter goes on where the kernel took a part, in order", async () => {
  const { writer, pieces } = writing(7);
  const frames = [noise(100), noise(1), noise(BATCH_BYTES + 1)];
  for (const frame of frames) writer.add(frame);
  await writer.flush();
  assertEquals(joined(pieces), joined(frames));
  assertEquals(writer.written, writer.said);
});

Deno.test("FrameWriter is congested beyond 256 KiB that the kernel has not taken", async () => {
  const { writer } = writing();
  writer.add(new Uint8Array(262_144));
  assertEquals(writer.congested, false);
  writer.add(new Uint8Array(1));
  assertEquals(writer.congested, true);
  await writer.flush();
  assertEquals(writer.congested, false);
});

Deno.test("FrameWriter keeps nothing after a failure, and flush() says why each time", async () => {
  const gone = new TransferError("lost", "Cannot write: it is gone");
  let calls = 0;
  const writer = new FrameWriter(() => {
    calls++;
    return Promise.reject(gone);
  });
  writer.add(noise(10));
  assertEquals(await assertRejects(() => writer.flush(), TransferError), gone);
  writer.add(noise(10));
  assertEquals(await assertRejects(() => writer.flush(), TransferError), gone);
  assertEquals([calls, writer.said, writer.quiet], [1, 10, true]);
});
