// Attempts after the first: what they settle, and what they do not.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Retry } from "../../../lib/base/further_attempt.ts";
import { sendRaw } from "../../../lib/raw/send_raw.ts";
import { bytesItem } from "../../../lib/source/item.ts";
import { transfer } from "../../../lib/transfer/sender/send.ts";
import { freePort } from "../../support/free_port.ts";
import {
  accept,
  fail,
  failing,
  playing,
  receipt,
  type Script,
} from "../../support/scripted.ts";
import {
  attempt,
  breaks,
  BYTES,
  declines,
  delivers,
  vanishes,
} from "../../support/send_stage.ts";

Deno.test("a connection that breaks is tried again, as the same transfer", async () => {
  await using stage = playing(breaks, breaks, delivers);
  const retries: [number, string][] = [];
  let connected = 0;
  await attempt(stage.target, {
    retry: 5,
    onRetry: ({ attempt, error }) => retries.push([attempt, error.code]),
    onConnect: () => connected++,
  });
  assertEquals(retries, [[1, "lost"], [2, "lost"]]);
  assertEquals(connected, 3);
  const [first, second, third] = stage.hellos;
  assertEquals(first!.id, second!.id);
  assertEquals(first!.id, third!.id);
});

Deno.test("an attempt that got further is followed by as short a wait as the first one, and no other is", async () => {
  const getsFurther: Script = async (peer) => {
    const { entry } = await peer.hear("open");
    await peer.say(accept(entry));
    await peer.hear("data");
    await peer.say({ type: "alive", entry, phase: "receiving", bytes: 500 });
    await peer.end();
  };
  await using stage = playing(breaks, getsFurther, getsFurther, delivers);
  const waits: number[] = [];
  const { random } = Math;
  Math.random = () => 0; // each wait is half of the backoff
  try {
    const onRetry = ({ wait }: Retry) => waits.push(wait);
    await attempt(stage.target, { retry: 3, onRetry });
  } finally {
    Math.random = random;
  }
  assertEquals(waits, [100, 100, 200]);
});

Deno.test("no two transfers have one id", async () => {
  await using stage = playing(delivers, delivers);
  const { target } = stage;
  const [first, second] = [await attempt(target), await attempt(target)];
  assert(first.id !== second.id);
  assertEquals(first.id.length, 32);
});

Deno.test("later attempts that do not get through settle nothing", async () => {
  await using stage = playing(vanishes); // and then nobody listens
  const codes: string[] = [];
  const error = await failing(attempt(stage.target, {
    retry: 1,
    onRetry: ({ error }) => codes.push(error.code),
  }));
  assertEquals(error.code, "unconfirmed");
  assertEquals(codes, ["lost"]);
});

Deno.test("a receiver that declines the next attempt settles nothing either", async () => {
  const stops = declines({ code: "internal", reason: "a bug" });
  await using stage = playing(vanishes, stops);
  const error = await failing(attempt(stage.target, { retry: 1 }));
  assertEquals(error.code, "unconfirmed");
});

Deno.test("an attempt that gets its receipt settles what was unconfirmed", async () => {
  await using stage = playing(vanishes, delivers);
  assertEquals((await attempt(stage.target, { retry: 1 })).bytes, 1_000);
});

Deno.test("a refusal is final unless the receiver says that asking again can help", async () => {
  await using busy = playing(
    declines({ retriable: true, reason: "busy" }),
    delivers,
  );
  await attempt(busy.target, { retry: 1 });
  await using stage = playing(declines({ reason: "no" }));
  let retries = 0;
  const error = await failing(
    attempt(stage.target, { retry: 5, onRetry: () => retries++ }),
  );
  assertEquals([error.code, error.exit, retries], ["rejected", 8, 0]);
});

Deno.test("an entry that was refused for good does not keep the others from another attempt", async () => {
  const taken: Script = async (peer) => {
    const entries = [await peer.hear("open"), await peer.hear("open")];
    await peer.say(
      fail(0, { reason: "it is there" }),
      fail(1, { reason: "busy", retriable: true }),
    );
    assertEquals(entries.map(({ name }) => name), ["a", "b"]);
    await peer.end();
  };
  const rest: Script = async (peer, { id }) => {
    const { entry } = await peer.hear("open");
    await peer.say(accept(entry));
    await peer.hear("data");
    await peer.hear("end");
    await peer.say(receipt(entry, BYTES, { id, name: "b" }));
    await peer.end();
  };
  await using stage = playing(taken, rest);
  const items = ["a", "b"].map((name) =>
    bytesItem(BYTES, { kind: "file", name, size: BYTES.length })
  );
  const receipts: string[] = [];
  const error = await failing(transfer(items, stage.target, {
    retry: 1,
    onReceipt: ({ name }) => receipts.push(name),
  }));
  assertEquals(receipts, ["b"]);
  assertEquals([error.code, error.retriable], ["rejected", false]);
  assertStringIncludes(error.message, "it is there");
});

Deno.test("an abort ends the wait before the next attempt", async () => {
  const stop = new AbortController();
  const reason = new RangeError("enough");
  await using stage = playing(breaks);
  const sending = attempt(stage.target, {
    signal: stop.signal,
    retry: 1_000,
    onRetry: ({ attempt }) => attempt > 2 && stop.abort(reason),
  });
  assertEquals(await sending.catch((error) => error), reason);
});

for (const retry of [-1, 0.5, NaN]) {
  Deno.test(`${retry} retries are a wrong use, verified and raw`, async () => {
    const target = { hostname: "127.0.0.1", port: freePort() };
    const onRetry = () => {
      throw new Error("it was tried");
    };
    for (
      const sending of [
        attempt(target, { retry, onRetry }),
        sendRaw(new Uint8Array(1), target, { retry, onRetry }),
      ]
    ) {
      const { code, message } = await failing(sending);
      assertEquals(code, "usage");
      assert(message.startsWith(`Cannot use retry ${retry}: `), message);
    }
  });
}

Deno.test("what can be no address is not tried again, verified and raw", async () => {
  const target = { hostname: "user@host", port: 9 };
  const onRetry = () => {
    throw new Error("it was tried");
  };
  for (
    const sending of [
      attempt(target, { retry: 3, onRetry }),
      sendRaw(new Uint8Array(1), target, { retry: 3, onRetry }),
    ]
  ) {
    const { code, message } = await failing(sending);
    assertEquals(code, "usage");
    assert(message.endsWith(" user@host:9: no host can be called that"));
  }
});

Deno.test("retries without end go on until it is delivered", async () => {
  await using stage = playing(breaks, breaks, delivers);
  const { bytes } = await attempt(stage.target, { retry: Infinity });
  assertEquals(bytes, 1_000);
});
