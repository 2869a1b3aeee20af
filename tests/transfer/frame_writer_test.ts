import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { BATCH_BYTES, nextBatch } from "../../lib/transfer/frame_writer.ts";
import { joined } from "../support/helpers.ts";

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
