// What becomes of a stream or an iterable that was handed over: however the
// transfer ends, it is released.

import { assert, assertEquals } from "@std/assert";
import type { Target } from "../../../lib/net/address.ts";
import { receiveRaw } from "../../../lib/raw/receive_raw.ts";
import { sendRaw } from "../../../lib/raw/send_raw.ts";
import { serve } from "../../../lib/server/serve.ts";
import { memorySink } from "../../../lib/sink/memory_sink.ts";
import { bytesItem } from "../../../lib/source/item.ts";
import { receive } from "../../../lib/transfer/receiver/receive.ts";
import { send, transfer } from "../../../lib/transfer/sender/send.ts";
import { freePort } from "../../support/free_port.ts";
import { noise } from "../../support/helpers.ts";
import { listen } from "../../support/raw_talk.ts";
import { failing } from "../../support/scripted.ts";

/** A stream that never ends, and why it was cancelled. */
function endless() {
  const cancelled = Promise.withResolvers<unknown>();
  const stream = new ReadableStream<Uint8Array>({
    pull: (it) => it.enqueue(noise(10)),
    cancel: cancelled.resolve,
  }, { highWaterMark: 0 });
  return { stream, cancelled: cancelled.promise };
}

function nowhere(): Target {
  return { hostname: "127.0.0.1", port: freePort() };
}

const WAYS = [
  { way: "send", act: send, take: receive },
  { way: "sendRaw", act: sendRaw, take: receiveRaw },
];

for (const { way, act, take } of WAYS) {
  Deno.test(`${way}() lets go of a stream when nobody listens, with the reason`, async () => {
    const { stream, cancelled } = endless();
    const error = await failing(act(stream, nowhere()));
    assertEquals(error.code, "connect");
    assertEquals(await cancelled, error);
    assert(!stream.locked);
    await stream.cancel();
  });

  Deno.test(`${way}() lets go of a stream when its options are refused`, async () => {
    const { stream, cancelled } = endless();
    const error = await failing(act(stream, nowhere(), { limitRate: 0 }));
    assertEquals([error.code, await cancelled], ["usage", error]);
  });

  Deno.test(`${way}() lets go of a response whose body goes nowhere`, async () => {
    const { stream, cancelled } = endless();
    const stop = new AbortController();
    const server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      signal: stop.signal,
      onListen() {},
    }, () => new Response(stream));
    try {
      const { body } = await fetch(`http://127.0.0.1:${server.addr.port}/`);
      await failing(act(body!, nowhere()));
      assert(!body!.locked);
      await cancelled; // its connection is closed
    } finally {
      stop.abort();
      await server.finished;
    }
  });

  Deno.test(`${way}() lets a generator clean up that was stuck when it was aborted`, async () => {
    const stop = new AbortController(), reason = new RangeError("enough");
    const stuck = Promise.withResolvers<void>();
    const cleaned = Promise.withResolvers<void>();
    async function* source() {
      try {
        yield noise(10);
        stop.abort(reason);
        await stuck.promise;
        yield noise(10);
      } finally {
        cleaned.resolve();
      }
    }
    using listener = listen();
    const receiving = (async () => {
      await take(await listener.accept(), memorySink());
    })().catch(() => {}); // a plain receiver takes the cut for an end
    const sending = act(source(), listener.target, { signal: stop.signal });
    assertEquals(await sending.catch((error) => error), reason);
    stuck.resolve(); // and nobody has waited for it
    await cleaned.promise;
    await receiving;
  });
}

Deno.test("send() lets go of a stream under a name that no receiver takes", async () => {
  const { stream, cancelled } = endless();
  const error = await failing(send(stream, nowhere(), { name: "a/../b" }));
  assertEquals([error.code, await cancelled], ["usage", error]);
});

Deno.test("send() does not touch a reader, which stays its owner's", async () => {
  const file = await Deno.open(new URL(import.meta.url));
  await failing(send(file, nowhere()));
  file.close(); // would throw if it were closed
});

Deno.test("transfer() releases each item once, after the last attempt", async () => {
  await using server = serve({ sink: memorySink() });
  for (const target of [server.addr, nowhere()]) {
    const released: string[] = [];
    const items = ["a", "b"].map((name) => ({
      ...bytesItem(noise(9), { kind: "file", name, size: 9 } as const),
      release: () => released.push(name),
    }));
    let retries = 0;
    const options = {
      retry: 1,
      onRetry: () => assertEquals([++retries, released], [1, []]),
    };
    await transfer(items, target, options).catch(({ code }) =>
      assertEquals(code, "connect")
    );
    assertEquals(released, ["a", "b"]);
  }
});
