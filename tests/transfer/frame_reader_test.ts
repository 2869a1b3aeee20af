import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { TransferError } from "../../lib/base/errors.ts";
import { Semaphore } from "../../lib/base/semaphore.ts";
import { FrameReader } from "../../lib/transfer/frame_reader.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import {
  DATA_HEAD_BYTES,
  type Frame,
  MAX_DATA_BYTES,
} from "../../lib/wire/frames.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { frames } from "../support/arbitraries.ts";
import {
  joined,
  noise,
  rejectsWith,
  sealed,
  utf8,
} from "../support/helpers.ts";

/** A connection that gives the pieces one by one, and then ends. */
function reading(
  pieces: Iterable<Uint8Array>,
  budget?: Semaphore,
): FrameReader {
  const queue = [...pieces].filter((piece) => piece.length > 0);
  return new FrameReader((into) => {
    const piece = queue.shift();
    if (!piece) return Promise.resolve(null);
    const now = piece.subarray(0, into.length);
    into.set(now);
    if (now.length < piece.length) queue.unshift(piece.subarray(now.length));
    return Promise.resolve(now.length);
  }, budget);
}

/** Cuts bytes into pieces of the given lengths, again and again. */
function* cut(bytes: Uint8Array, lengths: number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

function kept(frame: Frame): Frame {
  return frame.type === "data"
    ? { ...frame, bytes: frame.bytes.slice() }
    : frame;
}

async function framesOf(reader: FrameReader): Promise<Frame[]> {
  const found: Frame[] = [];
  for (let frame; (frame = await reader.next()) !== null;) {
    found.push(kept(frame));
  }
  return found;
}

function data(entry: number, bytes: Uint8Array): Frame {
  return { type: "data", entry, offset: 0, bytes };
}

Deno.test("FrameReader finds the same frames however they were cut", async () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 });
  const sent = fc.array(frames, { maxLength: 8 });
  await fc.assert(fc.asyncProperty(sent, lengths, async (sent, lengths) => {
    const bytes = joined(sent.map(encodeFrame));
    const reader = reading(cut(bytes, lengths));
    assertEquals(await framesOf(reader), sent);
  }));
});

Deno.test("FrameReader finds frames that come byte by byte", async () => {
  const sent: Frame[] = [
    data(1, noise(3000)),
    { type: "finish", entries: 1 },
    data(2, noise(1)),
  ];
  const bytes = joined([PREFACE, ...sent.map(encodeFrame)]);
  const reader = reading(cut(bytes, [1]));
  assertEquals(await reader.preface(), true);
  assertEquals(await framesOf(reader), sent);
});

Deno.test("FrameReader takes frames of every size around its buffers", async () => {
  const sizes = [65_511, 65_512, 65_513, 1, 65_536, 262_143, 2, 262_144];
  sizes.push(
    262_145,
    MAX_DATA_BYTES - 1,
    40,
    MAX_DATA_BYTES,
    MAX_DATA_BYTES,
    7,
  );
  const sent = sizes.map((size, entry) => data(entry, noise(size)));
  for (const lengths of [[2 ** 24], [65_536], [1000, 17, 100_000]]) {
    const reader = reading(cut(joined(sent.map(encodeFrame)), lengths));
    assertEquals(await framesOf(reader), sent);
  }
});

Deno.test("FrameReader leaves a frame's data alone until the second next() after it", async () => {
  const sizes = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 500 }), fc.constantFrom(60_000, 70_000)),
    { minLength: 2, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(sizes, async (sizes) => {
      const sent = sizes.map((size, entry) => data(entry, noise(size)));
      const reader = reading([joined(sent.map(encodeFrame))]);
      let before: Frame | undefined;
      for (const [index] of sent.entries()) {
        const frame = await reader.next();
        if (before) assertEquals(before, sent[index - 1]); // a view, still right
        before = frame ?? undefined;
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("FrameReader is null at an end between frames and lost inside one", async () => {
  const bytes = encodeFrame(data(0, utf8("abc")));
  for (let count = 1; count < bytes.length; count++) {
    const cutShort = reading([bytes.subarray(0, count)]);
    await rejectsWith("lost", () => cutShort.next());
  }
  const reader = reading([bytes]);
  assert(await reader.next() !== null);
  assertEquals(await reader.next(), null);
  assertEquals(await reader.next(), null);
});

Deno.test("FrameReader.preface() is false for a peer that says nothing", async () => {
  assertEquals(await reading([]).preface(), false);
});

Deno.test("FrameReader.preface() rejects with lost inside the preface", async () => {
  for (let count = 1; count < PREFACE.length; count++) {
    const reader = reading([PREFACE.slice(0, count)]);
    await rejectsWith("lost", () => reader.preface());
  }
});

Deno.test("FrameReader.preface() refuses another protocol without waiting for eight bytes", async () => {
  let asked = 0;
  const reader = new FrameReader((into) => {
    // A second read would wait for ever: the peer waits for us.
    if (asked++ > 0) return Promise.reject(new Error("waited for more"));
    into.set(utf8("GET"));
    return Promise.resolve(3);
  });
  await rejectsWith("protocol", () => reader.preface());
});

Deno.test("FrameReader refuses a huge length before it asks for the payload", async () => {
  let asked = 0;
  const header = encodeFrame(data(0, utf8("a"))).subarray(0, 16);
  new DataView(header.buffer).setUint32(8, 0xffff_ffff);
  sealed(header);
  const reader = new FrameReader((into) => {
    asked += into.length;
    into.set(header);
    return Promise.resolve(16);
  });
  await rejectsWith("protocol", () => reader.next());
  assert(asked <= 65_536, `${asked} bytes of buffer were offered`);
});

Deno.test("FrameReader rejects with integrity when a frame was damaged", async () => {
  const bytes = encodeFrame(data(0, noise(100)));
  bytes[50]! ^= 1;
  await rejectsWith("integrity", () => reading([bytes]).next());
});

Deno.test("FrameReader gives frames or one typed error for any bytes", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array(), async (bytes) => {
    try {
      await framesOf(reading([bytes]));
      assertEquals(bytes.length, 0);
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      assert(["lost", "protocol", "integrity"].includes(error.code));
    }
  }));
});

Deno.test("FrameReader passes an error of the connection as it is", async () => {
  const gone = new TransferError("stalled", {
    doing: "hear",
    found: "nothing moved",
  });
  const reader = new FrameReader(() => Promise.reject(gone));
  assertEquals(await assertRejects(() => reader.next(), TransferError), gone);
});

Deno.test("FrameReader waits for large buffers only as long as it is wanted", async () => {
  const budget = new Semaphore(2_200_000);
  await budget.acquire(200_000); // so that there is not enough
  const bytes = encodeFrame(data(0, noise(100_000)));
  let at = 0;
  const reader = new FrameReader((into) => {
    const piece = bytes.subarray(at, at + into.length);
    into.set(piece);
    at += piece.length;
    return Promise.resolve(piece.length || null);
  }, budget);
  const waiting = rejectsWith("lost", () => reader.next(), "on this side");
  while (!budget.contended) await Promise.resolve();
  reader.release();
  await waiting;
  budget.release(200_000);
  await budget.acquire(2_200_000); // all of it is there again
});

/** What a reader of large frames takes of the budget, in bytes. */
const LARGE_BYTES = 2 * (DATA_HEAD_BYTES + MAX_DATA_BYTES);

/** Fails unless exactly that many units are free. */
async function assertFree(budget: Semaphore, units: number): Promise<void> {
  const leaving = new AbortController();
  const { signal } = leaving;
  await budget.acquire(units, { patience: 5_000 });
  assert(!budget.contended);
  const more = assertRejects(() => budget.acquire(1, { signal }), Error, "end");
  assert(budget.contended, "more than that was free");
  leaving.abort(new Error("end"));
  await more;
}

Deno.test("FrameReader keeps frames that are buffered when others want its memory", async () => {
  const budget = new Semaphore(LARGE_BYTES);
  const small = Array.from({ length: 6 }, (_, at) => data(at, noise(50)));
  const large = data(9, noise(100_000));
  const reader = reading([
    encodeFrame(large),
    joined(small.map(encodeFrame)), // in one read
  ], budget);
  assertEquals(kept((await reader.next())!), large);
  const other = budget.acquire(LARGE_BYTES);
  assert(budget.contended);
  assertEquals(await framesOf(reader), small);
  await other; // the memory went to it, once nothing was buffered
  reader.release();
});

Deno.test("FrameReader gives its memory back once, however often it is released", async () => {
  const budget = new Semaphore(LARGE_BYTES + 10);
  const reader = reading([encodeFrame(data(0, noise(100_000)))], budget);
  await reader.next();
  reader.release();
  reader.release();
  await assertFree(budget, LARGE_BYTES + 10);
});

Deno.test("FrameReader gives back what it gets in the tick of its release", async () => {
  const budget = new Semaphore(LARGE_BYTES);
  await budget.acquire(LARGE_BYTES);
  const reader = reading([encodeFrame(data(0, noise(100_000)))], budget);
  const waiting = rejectsWith("lost", () => reader.next(), "on this side");
  while (!budget.contended) await Promise.resolve();
  budget.release(LARGE_BYTES); // its turn
  reader.release();
  await waiting;
  await assertFree(budget, LARGE_BYTES);
});
