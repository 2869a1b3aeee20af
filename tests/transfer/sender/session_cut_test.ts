// A receiver that ends or falls silent, and what is in doubt then.

import { assert, assertEquals } from "@std/assert";
import { encodeFrame } from "../../../lib/wire/encoding.ts";
import { SESSION } from "../../../lib/wire/frames.ts";
import { FAIR, memoryPair } from "../../faults/memory_conn.ts";
import {
  begin,
  BYTES,
  endless,
  item,
  take,
  talk,
} from "../../support/delivery_talk.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { joined } from "../../support/helpers.ts";
import { connectedPair } from "../../support/pairs.ts";
import { accept, data, end, fail, failing } from "../../support/scripted.ts";

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

/** A connection whose writes are counted, and break where a test says so. */
async function breakable() {
  const [ours, theirs] = await connectedPair();
  const broken = Promise.withResolvers<void>();
  const conn = {
    /** How many more bytes are written before the connection breaks. */
    left: Infinity,
    read: (into: Uint8Array) => ours.read(into),
    async write(bytes: Uint8Array): Promise<number> {
      const piece = bytes.subarray(0, this.left);
      if (piece.length === 0) {
        broken.resolve();
        throw new Deno.errors.BrokenPipe("the test says so");
      }
      const count = await ours.write(piece);
      this.left -= count;
      return count;
    },
    closeWrite: () => ours.closeWrite(),
    close: () => ours.close(),
  };
  return { conn, theirs, broken: broken.promise };
}

for (const [missing, doubt] of [[0, true], [1, false]] as const) {
  Deno.test(`an entry whose END was written but for ${missing} bytes is ${doubt ? "" : "not "}in doubt`, async () => {
    const { conn, theirs, broken } = await breakable();
    using all = await talk([item(0)], {}, [conn, theirs]);
    await all.receiver.hear("open");
    const whole = [data(0, BYTES), end(0, BYTES)].map(encodeFrame);
    conn.left = joined(whole).length - missing;
    await all.receiver.say(accept(0));
    await broken; // at the byte behind, the first of FINISH or the last of END
    await theirs.closeWrite();
    const error = await failing(all.outcome);
    assertEquals(error.code, "lost");
    assertEquals(all.entries[0]!.unconfirmed, doubt ? error : undefined);
  });
}

Deno.test("the receiver's FAIL counts more than a write that failed before it", async () => {
  const { conn, theirs, broken } = await breakable();
  using all = await talk([item(0)], {}, [conn, theirs]);
  await all.receiver.hear("open");
  conn.left = 0;
  await all.receiver.say(accept(0));
  await broken; // the receiver reads no more, but has said why
  await all.receiver.say(
    fail(SESSION, { code: "remote-io", reason: "no space is left" }),
  );
  const error = await failing(all.outcome);
  assertEquals([error.code, error.found], ["remote-io", "no space is left"]);
});
