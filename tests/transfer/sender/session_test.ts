import { assertEquals } from "@std/assert";
import { type Frame, MAX_AHEAD } from "../../../lib/wire/frames.ts";
import { FAIR, memoryPair } from "../../faults/memory_conn.ts";
import { begin, BYTES, item, take, talk } from "../../support/delivery_talk.ts";
import { FakeTime } from "../../support/fake_time.ts";
import {
  accept,
  end,
  failing,
  finish,
  ID,
  receipt,
} from "../../support/scripted.ts";

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
  using time = new FakeTime();
  const conns = memoryPair(FAIR);
  using all = await begin([item(0)], { idleTimeout: 300 }, conns);
  await all.receiver.hearHello();
  const heard = all.receiver.rest().catch(() => []);
  assertEquals((await time.until(failing(all.outcome))).code, "stalled");
  assertEquals(await heard, []);
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

Deno.test("a receiver that greets another transfer is not told a name", async () => {
  using all = await begin([item(0)]);
  await all.receiver.hearHello();
  await all.receiver.greet({ id: ID.toReversed() });
  assertEquals(await all.receiver.rest(), []);
  assertEquals((await failing(all.outcome)).code, "protocol");
});

Deno.test("a receiver that says it is alive is waited for, longer than the timeout", async () => {
  using time = new FakeTime();
  const conns = memoryPair(FAIR);
  using all = await talk([item(0)], { idleTimeout: 600 }, conns);
  await take(all.receiver, 0);
  const alive = { type: "alive", entry: 0, phase: "syncing", bytes: 1_000 };
  for (let beats = 0; beats < 6; beats++) {
    await time.advance(599);
    await all.receiver.say(alive as Frame);
  }
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
