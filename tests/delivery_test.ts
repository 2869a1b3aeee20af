import { assert, assertEquals } from "@std/assert";
import { Delivery } from "../lib/delivery.ts";
import { TransferError } from "../lib/errors.ts";
import {
  type Frame,
  MAX_AHEAD,
  type ReceiptFrame,
  SESSION,
} from "../lib/frames.ts";
import { Outgoing } from "../lib/outgoing.ts";
import type { Progress, Receipt } from "../lib/receipt.ts";
import { bytesItem, type Item, readerItem } from "../lib/source.ts";
import { encodeFrame } from "../lib/wire.ts";
import { noise } from "./helpers.ts";
import { connectedPair } from "./pairs.ts";
import {
  accept,
  digestOf,
  end,
  fail,
  failing,
  finish,
  ID,
  receipt,
  Scripted,
} from "./scripted.ts";

const BYTES = noise(1_000);

function item(number: number, bytes: Uint8Array = BYTES): Item {
  const { length: size } = bytes;
  return bytesItem(bytes, { kind: "file", name: `file-${number}`, size });
}

/** An item whose source ends as it is told to. */
function endless(number: number): { item: Item; end(error?: unknown): void } {
  const gate = Promise.withResolvers<null>();
  gate.promise.catch(() => {}); // a test may end before anybody reads
  const reader = { read: () => gate.promise };
  return {
    item: readerItem(reader, { kind: "file", name: `file-${number}` }),
    end: (error) => error ? gate.reject(error) : gate.resolve(null),
  };
}

/** A sender, and a receiver that says what the test wants. */
interface Talk extends Disposable {
  receiver: Scripted;
  entries: Outgoing[];
  receipts: Receipt[];
  progress: Progress[];
  outcome: Promise<void>;
}

async function talk(
  items: Item[],
  options: {
    idleTimeout?: number;
    limitRate?: number;
    signal?: AbortSignal;
    onReceipt?: (receipt: Receipt) => void;
  } = {},
): Promise<Talk> {
  const [ours, theirs] = await connectedPair();
  const entries = items.map((one, number) => new Outgoing(one, number));
  const receipts: Receipt[] = [], progress: Progress[] = [];
  const outcome = new Delivery(ours, ID, entries, {
    idleTimeout: 5_000,
    limitRate: Infinity,
    onReceipt: (one) => receipts.push(one),
    onProgress: (one) => progress.push(one),
    ...options,
  }).run();
  outcome.catch(() => {}); // each test looks at it when it is time
  const receiver = new Scripted(theirs);
  await receiver.hearHello();
  await receiver.greet();
  const close = () => theirs.close();
  return {
    receiver,
    entries,
    receipts,
    progress,
    outcome,
    [Symbol.dispose]: close,
  };
}

/** Takes an entry up to and including its END. */
async function take(receiver: Scripted, entry: number): Promise<void> {
  assertEquals((await receiver.hear("open")).entry, entry);
  await receiver.say(accept(entry));
  assertEquals((await receiver.hear("data")).entry, entry);
  assertEquals((await receiver.hear("end")).entry, entry);
}

Deno.test("a delivery says OPEN, DATA, END and FINISH, half-closes, and is settled by the receipt", async () => {
  using all = await talk([item(0)]);
  const { receiver } = all;
  assertEquals<unknown>(await receiver.hear("open"), {
    type: "open",
    entry: 0,
    kind: "file",
    name: "file-0",
    size: 1_000,
  });
  await receiver.say(accept(0));
  const { bytes, offset } = await receiver.hear("data");
  assertEquals([offset, bytes], [0, BYTES]);
  assertEquals(await receiver.hear("end"), end(0, BYTES));
  assertEquals(await receiver.hear("finish"), finish(1));
  assertEquals(await receiver.rest(), []); // it half-closed, and still hears
  await receiver.say(receipt(0, BYTES));
  await receiver.end();
  await all.outcome;
  assertEquals(all.receipts, [all.entries[0]!.receipt!]);
});

Deno.test("nothing is announced before the receiver has greeted", async () => {
  const [ours, theirs] = await connectedPair();
  using receiver = new Scripted(theirs);
  const one = new Outgoing(item(0), 0);
  const options = {
    idleTimeout: 300,
    limitRate: Infinity,
    onProgress() {},
    onReceipt() {},
  };
  const outcome = new Delivery(ours, ID, [one], options).run();
  const failure = failing(outcome);
  await receiver.hearHello();
  assertEquals(await receiver.rest().catch(() => []), []);
  assertEquals((await failure).code, "stalled");
});

Deno.test("no data comes before its ACCEPT", async () => {
  using all = await talk([item(0), item(1)]);
  await all.receiver.hear("open");
  await all.receiver.hear("open");
  // The receiver's turn: a heartbeat is all that comes meanwhile.
  assertEquals((await all.receiver.hear("alive")).phase, "reading");
  await all.receiver.say(accept(0), accept(1));
  for (const entry of [0, 1]) {
    assertEquals((await all.receiver.hear("data")).entry, entry);
    assertEquals((await all.receiver.hear("end")).entry, entry);
  }
  await all.receiver.say(receipt(0, BYTES), receipt(1, BYTES));
  await all.receiver.end();
  await all.outcome;
});

Deno.test("entries are announced ahead, and never more than may be open", async () => {
  const empty = new Uint8Array(0);
  const items = Array.from(
    { length: MAX_AHEAD + 1 },
    (_, at) => item(at, empty),
  );
  using all = await talk(items);
  const { receiver } = all;
  let opened = 0;
  for (let ended = 0; ended < MAX_AHEAD;) {
    const frame = await receiver.next();
    if (frame?.type === "open") {
      opened++;
      await receiver.say(accept(frame.entry));
    } else {
      assertEquals(frame?.type, "end");
      ended++;
    }
  }
  assertEquals(opened, MAX_AHEAD);
  await receiver.hear("alive"); // it waits
  await receiver.say(receipt(0, empty));
  assertEquals((await receiver.hear("open")).entry, MAX_AHEAD);
  await receiver.say(accept(MAX_AHEAD));
  for (let at = 1; at <= MAX_AHEAD; at++) {
    await receiver.say(receipt(at, empty));
  }
  await receiver.end();
  await all.outcome;
  assertEquals(all.receipts.length, MAX_AHEAD + 1);
});

for (
  const [what, wrong, found] of [
    ["another transfer", { id: ID.toReversed() }, "its id is another"],
    ["another length", { length: 999 }, "it is for 999 bytes and 1000"],
    ["other content", { digest: digestOf(noise(9)) }, "its SHA-256 differs"],
  ] as [string, Partial<ReceiptFrame>, string][]
) {
  Deno.test(`a receipt for ${what} settles nothing, and nobody can know`, async () => {
    using all = await talk([item(0)]);
    await take(all.receiver, 0);
    await all.receiver.hear("finish");
    await all.receiver.say(receipt(0, BYTES, wrong));
    const error = await failing(all.outcome);
    assertEquals(error.code, "integrity");
    assert(error.message.includes(found), error.message);
    assertEquals([all.receipts.length, all.entries[0]!.settled], [0, false]);
    assertEquals(all.entries[0]!.unconfirmed, error);
  });
}

Deno.test("a receipt before the end is a broken receiver's", async () => {
  using all = await talk([item(0)]);
  await all.receiver.hear("open");
  await all.receiver.say(accept(0), receipt(0, BYTES));
  const error = await failing(all.outcome);
  assertEquals(error.code, "protocol");
  assertEquals(all.receipts.length, 0);
});

/** What may follow the last receipt: it stays a receipt. */
const TRAILERS: [string, Uint8Array][] = [
  ["a second receipt", encodeFrame(receipt(0, BYTES))],
  ["a FAIL", encodeFrame(fail(0))],
  ["a FAIL for the session", encodeFrame(fail(SESSION))],
  ["half a frame", encodeFrame(receipt(0, BYTES)).subarray(0, 30)],
  ["noise", noise(5_000)],
];

for (const [what, bytes] of TRAILERS) {
  Deno.test(`${what} after the receipt makes no failure of it`, async () => {
    using all = await talk([item(0)]);
    await take(all.receiver, 0);
    await all.receiver.hear("finish");
    await all.receiver.say(receipt(0, BYTES));
    await all.receiver.sayBytes(bytes);
    await all.receiver.end();
    await all.outcome;
    assertEquals(all.receipts.length, 1);
  });
}

Deno.test("a receiver that ends right after END leaves the entry unconfirmed", async () => {
  using all = await talk([item(0)]);
  await take(all.receiver, 0);
  await all.receiver.end();
  const error = await failing(all.outcome);
  assertEquals([error.code, error.message], [
    "lost",
    "Cannot hear from the receiver: it ended without a receipt",
  ]);
  assertEquals(all.entries[0]!.unconfirmed, error);
});

Deno.test("a receiver that ends before END leaves no doubt", async () => {
  using all = await talk([endless(0).item]);
  await all.receiver.hear("open");
  await all.receiver.say(accept(0));
  await all.receiver.end();
  assertEquals((await failing(all.outcome)).code, "lost");
  assertEquals(all.entries[0]!.unconfirmed, undefined);
});

Deno.test("a receiver that ends without a word has been told nothing but HELLO", async () => {
  const [ours, theirs] = await connectedPair();
  const one = new Outgoing(item(0), 0);
  const outcome = new Delivery(ours, ID, [one], {
    idleTimeout: 5_000,
    limitRate: Infinity,
    onProgress() {},
    onReceipt() {},
  }).run();
  outcome.catch(() => {});
  using receiver = new Scripted(theirs);
  await receiver.hearHello();
  await receiver.end();
  const error = await failing(outcome);
  assertEquals([error.code, one.unconfirmed], ["lost", undefined]);
  assert(error.message.includes("ended without a word"), error.message);
});

Deno.test("FAIL for the session after END is an answer: nothing is in doubt", async () => {
  using all = await talk([item(0)]);
  await take(all.receiver, 0);
  await all.receiver.say(
    fail(SESSION, { code: "remote-io", reason: "no space is left" }),
  );
  await all.receiver.end();
  const error = await failing(all.outcome);
  assertEquals([error.code, error.message], [
    "remote-io",
    "Cannot go on: no space is left",
  ]);
  assertEquals(all.entries[0]!.unconfirmed, undefined);
});

Deno.test("FAIL for an entry fails that one, and the others are delivered", async () => {
  using all = await talk([item(0), item(1)]);
  const { receiver } = all;
  await receiver.hear("open");
  await receiver.say(fail(0, { code: "rejected", reason: "it is \x07 there" }));
  await take(receiver, 1);
  await receiver.hear("finish");
  await receiver.say(receipt(1, BYTES));
  await receiver.end();
  await all.outcome;
  const [first, second] = all.entries;
  assertEquals(first!.failure?.code, "rejected");
  assertEquals(
    first!.failure?.message,
    'Cannot deliver "file-0": it is \\u{7} there',
  );
  assertEquals(second!.receipt?.bytes, 1_000);
});

Deno.test("FAIL in the middle of an entry is heard before the next block is read", async () => {
  const large = new Uint8Array(64_000_000);
  using all = await talk([item(0, large), item(1)]);
  const { receiver } = all;
  await receiver.hear("open");
  await receiver.hear("open");
  await receiver.say(accept(0), accept(1));
  await receiver.hear("data");
  await receiver.say(
    fail(0, { code: "remote-io", reason: "no space is left" }),
  );
  const frames: Frame[] = [];
  for (let sent = 0; sent < 1;) {
    const frame = await receiver.hear("data");
    frames.push(frame);
    if (frame.entry === 1) sent++;
  }
  assertEquals(await receiver.hear("end"), end(1, BYTES));
  await receiver.hear("finish");
  assert(frames.length < 60, "the rest of the entry was sent all the same");
  await receiver.say(receipt(1, BYTES));
  await receiver.end();
  await all.outcome;
  assertEquals(all.entries[0]!.failure?.code, "remote-io");
});

Deno.test("a source that fails is told as FAIL, and the others are delivered", async () => {
  const broken = endless(0);
  using all = await talk([broken.item, item(1)]);
  const { receiver } = all;
  await receiver.hear("open");
  await receiver.hear("open");
  await receiver.say(accept(0), accept(1));
  broken.end(new TransferError("source", "Cannot read: it is gone"));
  const said = await receiver.hear("fail");
  assertEquals([said.entry, said.code, said.reason], [
    0,
    "source",
    "it is gone",
  ]);
  await receiver.hear("data");
  await receiver.hear("end");
  assertEquals(await receiver.hear("finish"), finish(2));
  await receiver.say(receipt(1, BYTES));
  await receiver.end();
  await all.outcome;
  assertEquals(all.entries[0]!.failure?.code, "source");
});

Deno.test("two FAILs for one entry that cross on the way fail that entry alone", async () => {
  const broken = endless(0);
  using all = await talk([broken.item, item(1)]);
  const { receiver } = all;
  await receiver.hear("open");
  await receiver.hear("open");
  await receiver.say(accept(0), accept(1));
  broken.end(new TransferError("source", "Cannot read: it is gone"));
  await receiver.hear("fail");
  await receiver.say(fail(0)); // said before the sender's was heard
  await receiver.hear("data");
  await receiver.hear("end");
  await receiver.hear("finish");
  await receiver.say(receipt(1, BYTES));
  await receiver.end();
  await all.outcome;
  assertEquals(all.entries[0]!.failure?.code, "source");
  assertEquals(all.entries[1]!.receipt?.bytes, 1_000);
});

/** What a receiver may not say while an entry is announced. */
const FAULTS: [string, Frame][] = [
  ["ACCEPT for an entry there is not", accept(9)],
  ["FAIL for an entry there is not", fail(9)],
  ["a receipt for an entry there is not", receipt(9, BYTES)],
  ["an OPEN", { type: "open", entry: 0, kind: "file", name: "x" }],
  ["a FINISH", finish(0)],
];

for (const [what, frame] of FAULTS) {
  Deno.test(`${what} ends the delivery`, async () => {
    using all = await talk([item(0)]);
    await all.receiver.hear("open");
    await all.receiver.say(frame);
    const error = await failing(all.outcome);
    assertEquals(error.code, "protocol");
    assert(error.message.includes("out of place"), error.message);
  });
}

Deno.test("a second ACCEPT ends the delivery", async () => {
  using all = await talk([endless(0).item]);
  await all.receiver.hear("open");
  await all.receiver.say(accept(0), accept(0));
  assertEquals((await failing(all.outcome)).code, "protocol");
});

Deno.test("a receiver that greets another transfer is not told a name", async () => {
  const [ours, theirs] = await connectedPair();
  using receiver = new Scripted(theirs);
  const outcome = new Delivery(ours, ID, [new Outgoing(item(0), 0)], {
    idleTimeout: 5_000,
    limitRate: Infinity,
    onProgress() {},
    onReceipt() {},
  }).run();
  const failure = failing(outcome);
  await receiver.hearHello();
  await receiver.greet({ id: ID.toReversed() });
  assertEquals(await receiver.rest(), []);
  assertEquals((await failure).code, "protocol");
});

Deno.test("a damaged frame from the receiver is no receipt", async () => {
  using all = await talk([item(0)]);
  await take(all.receiver, 0);
  const frame = encodeFrame(receipt(0, BYTES));
  frame[40]! ^= 1;
  await all.receiver.sayBytes(frame);
  const error = await failing(all.outcome);
  assertEquals([error.code, all.receipts.length], ["integrity", 0]);
  assertEquals(all.entries[0]!.unconfirmed, error);
});

Deno.test("a receiver that falls silent is stalled", async () => {
  using all = await talk([item(0)], { idleTimeout: 300 });
  await all.receiver.hear("open");
  const from = performance.now();
  assertEquals((await failing(all.outcome)).code, "stalled");
  assert(performance.now() - from < 3_000);
});

Deno.test("a receiver that falls silent after END is stalled and in doubt", async () => {
  using all = await talk([item(0)], { idleTimeout: 300 });
  await take(all.receiver, 0);
  const error = await failing(all.outcome);
  assertEquals(error.code, "stalled");
  assertEquals(all.entries[0]!.unconfirmed, error);
});

Deno.test("a receiver that never reads is stalled", async () => {
  const large = new Uint8Array(64_000_000);
  using all = await talk([item(0, large)], { idleTimeout: 300 });
  await all.receiver.hear("open");
  await all.receiver.say(accept(0));
  assertEquals((await failing(all.outcome)).code, "stalled");
  assertEquals(all.entries[0]!.unconfirmed, undefined);
});

Deno.test("a receiver that says it is alive is waited for, longer than the timeout", async () => {
  using all = await talk([item(0)], { idleTimeout: 600 });
  await take(all.receiver, 0);
  const from = performance.now();
  const alive = { type: "alive", entry: 0, phase: "syncing", bytes: 1_000 };
  // The time is what is tested, not waited out: six heartbeats, each well within
  // the timeout, that together last longer than it.
  const heartbeat = 150;
  for (let beats = 0; beats < 6; beats++) {
    await new Promise((resolve) => setTimeout(resolve, heartbeat));
    await all.receiver.say(alive as Frame);
  }
  assert(performance.now() - from > 600);
  await all.receiver.say(receipt(0, BYTES));
  await all.receiver.end();
  await all.outcome;
  assertEquals(all.progress[0], { phase: "syncing", bytes: 1_000 });
});

Deno.test("progress counts what the receiver says it has, not what was written", async () => {
  using all = await talk([item(0), item(1)]);
  const { receiver } = all;
  await receiver.hear("open");
  await receiver.hear("open");
  await receiver.say(accept(0), accept(1));
  const alive = { type: "alive", phase: "receiving" } as const;
  await receiver.say(
    { ...alive, entry: 0, bytes: 400 },
    { ...alive, entry: 0, bytes: 900 },
  );
  for (const type of ["data", "end", "data", "end", "finish"] as const) {
    await receiver.hear(type);
  }
  await receiver.say(
    { ...alive, entry: 1, bytes: 10 },
    receipt(0, BYTES),
    receipt(1, BYTES),
  );
  await receiver.end();
  await all.outcome;
  assertEquals(all.progress.map(({ bytes }) => bytes), [
    400,
    900,
    910,
    1_010,
    2_000,
  ]);
});

Deno.test("an abort tells the receiver and rejects with the reason", async () => {
  const stop = new AbortController();
  using all = await talk([endless(0).item], { signal: stop.signal });
  await all.receiver.hear("open");
  await all.receiver.say(accept(0));
  stop.abort(new RangeError("enough"));
  const said = await all.receiver.hear("fail");
  assertEquals([said.entry, said.code, said.reason], [
    SESSION,
    "lost",
    "it was interrupted",
  ]);
  await all.receiver.end();
  const reason = await all.outcome.catch((error) => error);
  assert(reason instanceof RangeError && reason.message === "enough");
});

Deno.test("an abort does not wait for a receiver that does not care, nor for a source that blocks", async () => {
  const stop = new AbortController();
  using all = await talk([endless(0).item], { signal: stop.signal });
  await all.receiver.hear("open");
  await all.receiver.say(accept(0));
  const from = performance.now();
  stop.abort(new RangeError("enough"));
  await all.outcome.catch((error) => assert(error instanceof RangeError));
  assert(performance.now() - from < 2_000);
});

Deno.test("an abort after the last receipt makes no failure of it", async () => {
  const stop = new AbortController();
  using all = await talk([item(0)], {
    signal: stop.signal,
    onReceipt: () => stop.abort(new RangeError("too late")),
  });
  await take(all.receiver, 0);
  await all.receiver.hear("finish");
  await all.receiver.say(receipt(0, BYTES));
  await all.receiver.end();
  await all.outcome;
  assertEquals(all.entries[0]!.receipt?.bytes, 1_000);
});
