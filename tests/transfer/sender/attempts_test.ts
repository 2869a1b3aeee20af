import { assertEquals, assertStrictEquals } from "@std/assert";
import { CallbackGuard } from "../../../lib/base/callbacks.ts";
import { TransferError } from "../../../lib/base/errors.ts";
import type { TransferCallbacks } from "../../../lib/model/events.ts";
import type { Progress } from "../../../lib/model/progress.ts";
import { Attempts } from "../../../lib/transfer/sender/attempts.ts";
import { OutgoingEntry } from "../../../lib/transfer/sender/outgoing_entry.ts";
import { send } from "../../../lib/transfer/sender/send.ts";
import { BYTES, item } from "../../support/delivery_talk.ts";
import { accept, failing, playing, receipt } from "../../support/scripted.ts";
import { delivers, vanishes } from "../../support/send_stage.ts";

Deno.test("a receipt of one connection counts on the next one, and a broken entry does not", async () => {
  const heard: Progress[] = [];
  const entries = [0, 1].map((number) =>
    new OutgoingEntry(item(number), number)
  );
  await using stage = playing(async (peer, { id }) => {
    await peer.hear("open");
    await peer.hear("open");
    await peer.say(accept(0), accept(1));
    await peer.hear("data");
    await peer.hear("end");
    await peer.say(
      receipt(0, BYTES, { id }),
      { type: "alive", entry: 1, phase: "receiving", bytes: 600 },
    );
    await peer.hear("data");
  }, async (peer, { id }) => {
    assertEquals((await peer.hear("open")).entry, 1);
    await peer.say({ type: "alive", entry: 1, phase: "receiving", bytes: 0 });
    await peer.say(accept(1));
    await peer.hear("data");
    await peer.hear("end");
    await peer.say(receipt(1, BYTES, { id }));
    await peer.end();
  });
  const callbacks = new CallbackGuard();
  const attempts = new Attempts(entries, stage.target, {
    retry: 1,
    onProgress: (one) => heard.push(one),
  }, callbacks);
  await attempts.run();
  callbacks.rethrow();
  const counts = heard.map(({ bytes }) => bytes);
  assertEquals(counts, [1_000, 1_600, 1_000, 2_000]);
  assertEquals(new Set(heard.map(({ total }) => total)), new Set([2_000]));
  assertEquals([attempts.confirmed, attempts.phase], [2_000, "committing"]);
});

const NO_SCREEN = new RangeError("no screen");

for (
  const [kind, fails] of [
    ["throws", () => {
      throw NO_SCREEN;
    }],
    ["rejects", () => Promise.reject(NO_SCREEN)],
  ] as [string, () => unknown][]
) {
  for (
    const name of [
      "onConnect",
      "onProgress",
      "onReceipt",
      "onRetry",
    ] as const satisfies (keyof TransferCallbacks)[]
  ) {
    Deno.test(`${name} that ${kind} stops nothing, and is thrown when all is over`, async () => {
      await using stage = playing(vanishes, delivers);
      let receipts = 0;
      const error = await failing(send(BYTES, stage.target, {
        name: "a",
        retry: 1,
        onReceipt: () => receipts++,
        [name]() {
          if (name === "onReceipt") receipts++;
          return fails();
        },
      }));
      assertEquals([error.code, receipts], ["internal", 1]);
      assertStrictEquals(error.cause, NO_SCREEN);
    });
  }
}

Deno.test("a promise that a callback returns is awaited before send() resolves", async () => {
  await using stage = playing(delivers);
  const told = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<void>();
  let settled = false;
  const sending = send(BYTES, stage.target, {
    name: "a",
    onReceipt: () => (told.resolve(), stored.promise),
  }).finally(() => settled = true);
  await told.promise;
  // The receiver ends after the receipt, and the sender has nothing left to do.
  await stage[Symbol.asyncDispose]();
  // A whole other transfer takes longer than the rest of this one would.
  await using other = playing(delivers);
  await send(BYTES, other.target, { name: "b" });
  assertEquals(settled, false);
  stored.resolve();
  assertEquals((await sending).bytes, 1_000);
});

Deno.test("what failed on its own is thrown, and not what a callback threw besides", async () => {
  await using stage = playing(vanishes);
  const error = await failing(send(BYTES, stage.target, {
    name: "a",
    onConnect() {
      throw NO_SCREEN;
    },
  }));
  assertEquals(error.code, "unconfirmed");
  assertEquals(error instanceof TransferError, true);
});

Deno.test("what an attempt had confirmed is forgotten by one that cannot connect", async () => {
  await using stage = playing(async (peer) => {
    await peer.hear("open");
    await peer.say(accept(0));
    await peer.hear("data");
    await peer.say({ type: "alive", entry: 0, phase: "receiving", bytes: 600 });
    await peer.hear("end");
  });
  const entries = [new OutgoingEntry(item(0), 0)];
  const counts: number[] = [];
  const attempts: Attempts = new Attempts(entries, stage.target, {
    retry: 1,
    onRetry: () => counts.push(attempts.confirmed),
  }, new CallbackGuard());
  assertEquals((await failing(attempts.run())).code, "connect");
  assertEquals([counts, attempts.confirmed], [[600], 0]);
});
