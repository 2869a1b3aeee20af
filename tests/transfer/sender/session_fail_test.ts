// FAIL from either side, and receivers that break the rules.

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import type { Item } from "../../../lib/source/item.ts";
import { type Frame, SESSION } from "../../../lib/wire/frames.ts";
import {
  BYTES,
  endless,
  item,
  take,
  type Talk,
  talk,
} from "../../support/delivery_talk.ts";
import {
  accept,
  end,
  fail,
  failing,
  finish,
  receipt,
} from "../../support/scripted.ts";

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

/** Two entries were accepted, and the first one's source fails. */
async function talkOfBroken(): Promise<Talk> {
  const broken = endless(0);
  const all = await talk([broken.item, item(1)]);
  await all.receiver.hear("open");
  await all.receiver.hear("open");
  await all.receiver.say(accept(0), accept(1));
  broken.end(
    new TransferError("source", { doing: "read", found: "it is gone" }),
  );
  return all;
}

Deno.test("a source that fails is told as FAIL, and the others are delivered", async () => {
  using all = await talkOfBroken();
  const { receiver } = all;
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

Deno.test("what goes wrong on this side and is not the source's ends the session", async () => {
  const broken: Item = {
    ...item(0),
    open() {
      throw new RangeError("a bug");
    },
  };
  using all = await talk([broken, item(1)]);
  await all.receiver.hear("open");
  await all.receiver.say(accept(0), accept(1));
  const { code, message } = await failing(all.outcome);
  assertEquals([code, message], [
    "internal",
    'Cannot send "file-0": a bug',
  ]);
  assertEquals(all.entries.map(({ settled }) => settled), [false, false]);
});

Deno.test("two FAILs for one entry that cross on the way fail that entry alone", async () => {
  using all = await talkOfBroken();
  const { receiver } = all;
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
