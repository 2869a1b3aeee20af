// A receiver that ends or falls silent, and what is in doubt then.

import { assert, assertEquals } from "@std/assert";
import { FAIR, memoryPair } from "../../faults/memory_conn.ts";
import {
  begin,
  endless,
  item,
  take,
  talk,
} from "../../support/delivery_talk.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { accept, failing } from "../../support/scripted.ts";

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
  using all = await begin([item(0)]);
  await all.receiver.hearHello();
  await all.receiver.end();
  const error = await failing(all.outcome);
  assertEquals([error.code, all.entries[0]!.unconfirmed], ["lost", undefined]);
  assert(error.message.includes("ended without a word"), error.message);
});

Deno.test("a receiver that falls silent is stalled", async () => {
  using time = new FakeTime();
  const conns = memoryPair(FAIR);
  using all = await talk([item(0)], { idleTimeout: 20_000 }, conns);
  await all.receiver.hear("open");
  const error = await time.until(failing(all.outcome));
  assertEquals([error.code, time.passed], ["stalled", 20_000]);
});

Deno.test("a receiver that falls silent after END is stalled and in doubt", async () => {
  using time = new FakeTime();
  const conns = memoryPair(FAIR);
  using all = await talk([item(0)], { idleTimeout: 20_000 }, conns);
  await take(all.receiver, 0);
  const error = await time.until(failing(all.outcome));
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
