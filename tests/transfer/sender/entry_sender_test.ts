import { assert, assertEquals } from "@std/assert";
import type { Algorithm } from "../../../lib/base/digest.ts";
import { TransferError } from "../../../lib/base/errors.ts";
import { RateLimiter } from "../../../lib/base/rate_limiter.ts";
import { bytesItem, type Item, readerItem } from "../../../lib/source/item.ts";
import { Channel } from "../../../lib/transfer/channel.ts";
import { EntrySender } from "../../../lib/transfer/sender/entry_sender.ts";
import { OutgoingEntry } from "../../../lib/transfer/sender/outgoing_entry.ts";
import { Transmission } from "../../../lib/transfer/sender/transmission.ts";
import { type Frame, MAX_DATA_BYTES } from "../../../lib/wire/frames.ts";
import { joined, noise } from "../../support/helpers.ts";
import { connectedPair } from "../../support/pairs.ts";
import {
  accept,
  digestOf,
  end,
  failing,
  ID,
  receipt,
  Scripted,
} from "../../support/scripted.ts";

const never = () => false;

function fileOf(bytes: Uint8Array): Item {
  return bytesItem(bytes, { kind: "file", name: "a", size: bytes.length });
}

/** An entry that a receiver has accepted of which it holds nothing. */
function accepted(entry: OutgoingEntry): Transmission {
  const one = new Transmission(entry);
  one.announce();
  one.accept(accept(entry.number));
  return one;
}

/** Uploads items one after the other; what came out at the other end. */
async function upload(
  items: Item[],
  { rate = Infinity, stopped = never }: {
    rate?: number;
    stopped?: () => boolean;
  } = {},
): Promise<Frame[]> {
  const [ours, theirs] = await connectedPair();
  using channel = new Channel(ours, 5_000);
  using peer = new Scripted(theirs);
  const uploader = new EntrySender(channel, new RateLimiter(rate));
  const hearing = copied(peer);
  let frames: Frame[];
  try {
    for (const [number, item] of items.entries()) {
      await uploader.send(accepted(new OutgoingEntry(item, number)), stopped);
    }
  } finally {
    await channel.finish();
    frames = await hearing;
  }
  return frames;
}

/** The frames to the end, with bytes of their own. */
async function copied(peer: Scripted): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (let frame; (frame = await peer.next()) !== null;) {
    frames.push(
      frame.type === "data" ? { ...frame, bytes: frame.bytes.slice() } : frame,
    );
  }
  return frames;
}

function bytesOf(frames: Frame[], entry = 0): Uint8Array {
  return joined(
    frames.flatMap((one) =>
      one.type === "data" && one.entry === entry ? one.bytes : []
    ),
  );
}

for (
  const [size, blocks] of [
    [0, 0],
    [1, 1],
    [32_768, 1],
    [32_769, 1],
    [MAX_DATA_BYTES, 1],
    [MAX_DATA_BYTES + 1, 2],
    [3 * MAX_DATA_BYTES, 3],
  ] as const
) {
  Deno.test(`${size} bytes are ${blocks} blocks, each where it belongs, and an end`, async () => {
    const bytes = noise(size);
    const frames = await upload([fileOf(bytes)]);
    const pieces = frames.slice(0, -1);
    assertEquals(pieces.length, blocks);
    let offset = 0;
    for (const piece of pieces) {
      assert(piece.type === "data");
      assertEquals(piece.offset, offset);
      offset += piece.bytes.length;
    }
    assertEquals(digestOf(bytesOf(frames)), digestOf(bytes));
    assertEquals(frames.at(-1), end(0, bytes));
  });
}

Deno.test("many entries go through the same two buffers unmixed", async () => {
  const all = [5, 100_000, 0, 1, 40_000, MAX_DATA_BYTES + 7].map(noise);
  const frames = await upload(all.map(fileOf));
  for (const [number, bytes] of all.entries()) {
    assertEquals(digestOf(bytesOf(frames, number)), digestOf(bytes));
  }
  const ends = frames.filter(({ type }) => type === "end");
  assertEquals(ends, all.map((bytes, number) => end(number, bytes)));
});

Deno.test("what was sent is noted before its END can be answered", async () => {
  const [ours, theirs] = await connectedPair();
  using channel = new Channel(ours, 5_000);
  using peer = new Scripted(theirs);
  const bytes = noise(100_000);
  const one = accepted(new OutgoingEntry(fileOf(bytes), 0));
  await new EntrySender(channel, new RateLimiter(Infinity)).send(one, never);
  assertEquals([one.stage, one.endPosition], ["ended", channel.said]);
  assertEquals(one.settle(receipt(0, bytes), ID).bytes, 100_000);
  await channel.finish();
  await copied(peer);
});

Deno.test("an upload opens its source for the algorithm that was accepted", async () => {
  const [ours, theirs] = await connectedPair();
  using channel = new Channel(ours, 5_000);
  using _peer = new Scripted(theirs);
  const algorithm = "sha512" as string as Algorithm; // node:crypto has it
  const item = fileOf(noise(10));
  const opened: Algorithm[] = [];
  const entry = new OutgoingEntry({
    ...item,
    open(asked) {
      opened.push(asked);
      throw new TransferError("source", { doing: "read", found: "a test" });
    },
  }, 0);
  const one = new Transmission(entry);
  one.announce();
  one.accept({ ...accept(0), algorithm });
  const sender = new EntrySender(channel, new RateLimiter(Infinity));
  assertEquals((await failing(sender.send(one, never))).code, "source");
  assertEquals(opened, [algorithm]);
});

Deno.test("an upload that is stopped has no end", async () => {
  let reads = 0;
  const whole = fileOf(noise(4 * MAX_DATA_BYTES));
  const item: Item = {
    ...whole,
    async open(algorithm) {
      const reading = await whole.open(algorithm);
      return { ...reading, read: (into) => (reads++, reading.read(into)) };
    },
  };
  // The second block is there, the third is being read ahead.
  const frames = await upload([item], { stopped: () => reads > 2 });
  assertEquals(frames.map(({ type }) => type), ["data"]);
});

Deno.test("an upload that was abandoned changes nothing on the next connection", async () => {
  const [ours, theirs] = await connectedPair();
  using channel = new Channel(ours, 5_000);
  using peer = new Scripted(theirs);
  const gate = Promise.withResolvers<void>();
  const item = fileOf(noise(10));
  const slow: Item = {
    ...item,
    open: (algorithm) => gate.promise.then(() => item.open(algorithm)),
  };
  const entry = new OutgoingEntry(slow, 0);
  let abandoned = false;
  const upload = new EntrySender(channel, new RateLimiter(Infinity))
    .send(accepted(entry), () => abandoned);
  abandoned = true;
  const next = accepted(entry);
  gate.resolve();
  await upload;
  assertEquals([next.stage, next.endPosition], ["accepted", Infinity]);
  await channel.finish();
  assertEquals(await copied(peer), []);
});

Deno.test("an upload whose source fails has no end", async () => {
  let reads = 0;
  const reader = {
    read(into: Uint8Array) {
      if (reads++ > 1) return Promise.reject(new Error("unplugged"));
      return Promise.resolve(into.fill(1, 0, 10).length && 10);
    },
  };
  const item = readerItem(reader, { kind: "file", name: "a" });
  const error = await failing(upload([item]));
  assertEquals([error.code, error.message], [
    "source",
    'Cannot read "a": unplugged',
  ]);
});

Deno.test("an upload whose source moved has no end", async () => {
  const item = fileOf(noise(10));
  const moved: Item = {
    ...item,
    open: async (algorithm) => ({
      ...await item.open(algorithm),
      verify: () =>
        Promise.reject(new TransferError("source-changed", "Cannot: it grew")),
    }),
  };
  assertEquals((await failing(upload([moved]))).code, "source-changed");
});

Deno.test("an upload that is stopped while its source is verified has no end", async () => {
  const item = fileOf(noise(10));
  let stopped = false;
  const slow: Item = {
    ...item,
    open: async (algorithm) => ({
      ...await item.open(algorithm),
      verify: () => Promise.resolve(void (stopped = true)),
    }),
  };
  const frames = await upload([slow], { stopped: () => stopped });
  assertEquals(frames.map(({ type }) => type), ["data"]);
});

Deno.test("a limited upload goes in pieces of a tenth of a second", async () => {
  const frames = await upload([fileOf(noise(5_000))], { rate: 20_000 });
  assertEquals(
    frames.flatMap((one) => one.type === "data" ? one.bytes.length : []),
    [2_000, 2_000, 1_000],
  );
});
