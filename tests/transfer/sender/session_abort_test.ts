import { assert, assertEquals, assertRejects } from "@std/assert";
import { SESSION } from "../../../lib/wire/frames.ts";
import { FAIR, memoryPair } from "../../faults/memory_conn.ts";
import {
  BYTES,
  endless,
  item,
  take,
  talk,
} from "../../support/delivery_talk.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { accept, receipt } from "../../support/scripted.ts";

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
  using time = new FakeTime();
  const stop = new AbortController();
  const options = { signal: stop.signal };
  using all = await talk([endless(0).item], options, memoryPair(FAIR));
  await all.receiver.hear("open");
  await all.receiver.say(accept(0));
  stop.abort(new RangeError("enough"));
  await assertRejects(() => time.until(all.outcome), RangeError);
  assertEquals(time.passed, 1_000); // for the last words to arrive
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
