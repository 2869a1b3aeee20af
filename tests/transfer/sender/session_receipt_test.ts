// What settles an entry, and what does not.

import { assert, assertEquals } from "@std/assert";
import { encodeFrame } from "../../../lib/wire/encoding.ts";
import { type ReceiptFrame, SESSION } from "../../../lib/wire/frames.ts";
import { FAIR, memoryPair } from "../../faults/memory_conn.ts";
import { BYTES, item, take, talk } from "../../support/delivery_talk.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { noise } from "../../support/helpers.ts";
import {
  accept,
  digestOf,
  fail,
  failing,
  ID,
  receipt,
} from "../../support/scripted.ts";

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

Deno.test("a receiver that has said everything and does not end holds up nobody", async () => {
  using time = new FakeTime();
  using all = await talk([item(0)], {}, memoryPair(FAIR));
  await take(all.receiver, 0);
  await all.receiver.say(receipt(0, BYTES));
  await all.receiver.hear("finish");
  const alive = { type: "alive", entry: SESSION, phase: "syncing" } as const;
  const beat = setInterval(() => {
    all.receiver.say({ ...alive, bytes: 0 }).catch(() => clearInterval(beat));
  }, 250);
  await time.until(all.outcome);
  clearInterval(beat);
  assertEquals([all.receipts.length, time.passed], [1, 1_000]);
});
