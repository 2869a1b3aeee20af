// How a server ends: asked to, aborted, or left.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { Target } from "../../lib/net/address.ts";
import { serve } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { noise } from "../support/helpers.ts";
import {
  codeOf,
  listening,
  portOf,
  sendHeld,
  withHeld,
} from "../support/serve_talk.ts";

Deno.test("shutdown() refuses new senders politely and lets a session finish", async () => {
  const { server, held, sink } = await withHeld();
  const stopped = server.shutdown();
  const late = await assertRejects(
    () => send(noise(1), server.addr, { name: "late" }),
    TransferError,
    "the receiver is stopping",
  );
  assertEquals([late.code, late.retriable], ["rejected", true]);
  held.finish();
  assertEquals((await held.receipt).bytes, 2_000);
  await stopped;
  await server.finished;
  assertEquals([...sink.files.keys()], ["held"]);
});

Deno.test("shutdown() cuts what does not finish within its grace, and says why", async () => {
  const { server, held, sink } = await withHeld();
  const cut = assertRejects(() => held.receipt, TransferError);
  await server.shutdown({ grace: 1 });
  const error = await cut;
  assertEquals([error.code, error.retriable], ["rejected", true]);
  assert(error.message.includes("stopping"), error.message);
  assertEquals(sink.files.size, 0);
});

Deno.test("shutdown() waits for no unauthenticated peer that says nothing", async () => {
  const { server, errors } = listening();
  using mute = await Deno.connect({ port: portOf(server.addr) });
  await send(noise(1), server.addr, { name: "a" }); // mute was accepted before
  await server.shutdown();
  assertEquals(await mute.read(new Uint8Array(1)), null);
  assertEquals(errors, []); // it had no time to be too late
});

Deno.test("shutdown() cuts at once without grace, and takes no grace that is none", async () => {
  const { server, held, sink } = await withHeld();
  for (const grace of [-1, NaN]) {
    const error = await assertRejects(
      () => server.shutdown({ grace }),
      TransferError,
      `Cannot use grace ${grace}: it must be 0 or more`,
    );
    assertEquals(error.code, "usage");
  }
  await send(noise(1), server.addr, { name: "a" }); // it goes on
  const cut = assertRejects(() => held.receipt, TransferError);
  await server.shutdown({ grace: 0 });
  assertEquals([(await cut).code, [...sink.files.keys()]], ["rejected", ["a"]]);
});

Deno.test("shutdown() may be called twice, and after an abort", async () => {
  const stop = new AbortController();
  const { server } = listening({ signal: stop.signal });
  stop.abort();
  await Promise.all([server.shutdown(), server.shutdown()]);
  await server.finished;
  const code = await codeOf(send(noise(1), server.addr, { name: "a" }));
  assertEquals(code, "connect"); // nobody listens
});

Deno.test("await using shuts the server down", async () => {
  let addr: Target;
  {
    await using server = serve({ sink: memorySink() });
    addr = server.addr;
  }
  assertEquals(await codeOf(send(noise(1), addr, { name: "a" })), "connect");
});

Deno.test("a signal ends the sessions and tells their senders why", async () => {
  const stop = new AbortController();
  const { server, held, sink, errors } = await withHeld({
    signal: stop.signal,
  });
  stop.abort(new Error("enough"));
  const error = await assertRejects(() => held.receipt, TransferError);
  assertEquals([error.code, error.retriable], ["rejected", true]);
  assert(error.message.includes("the receiver is stopping"), error.message);
  held.finish(); // the source is free, though nobody takes it any more
  await server.finished;
  assertEquals([sink.files.size, errors.length], [0, 0]);
});

Deno.test("a signal that is aborted already makes a server that is finished", async () => {
  const { server } = listening({ signal: AbortSignal.abort() });
  await server.finished;
  const code = await codeOf(send(noise(1), server.addr, { name: "a" }));
  assertEquals(code, "connect"); // nobody listens
});

Deno.test("a signal frees connections that have not said a word", async () => {
  const stop = new AbortController();
  const { server } = listening({ signal: stop.signal });
  const mute = await Deno.connect({ port: portOf(server.addr) });
  // The server accepts in order: what is delivered now proves mute accepted.
  await send(noise(1), server.addr, { name: "a" });
  stop.abort();
  assertEquals(await mute.read(new Uint8Array(1)), null);
  mute.close();
  await server.finished;
});

const NEVER = () => new Promise(() => {});

for (const name of ["onConnect", "onProgress", "onClose", "handler"] as const) {
  for (const how of ["grace", "signal"] as const) {
    Deno.test(`a server's ${how} ends the wait for its ${name}, which never settles`, async () => {
      const stop = new AbortController();
      const called = Promise.withResolvers<void>();
      const never = () => (called.resolve(), NEVER());
      const server = serve({
        sink: memorySink(),
        signal: stop.signal,
        ...name === "handler" ? {} : { [name]: never },
      }, name === "handler" ? never : () => {});
      async function* source() {
        yield noise(10);
        if (name === "onProgress") await called.promise;
      }
      await send(source(), server.addr, { name: "a" });
      await called.promise;
      if (how === "signal") stop.abort();
      else await server.shutdown({ grace: 10 });
      await server.finished;
    });
  }
}

Deno.test("grace 0 cuts a session whose onConnect never settles", async () => {
  const begun = Promise.withResolvers<void>();
  const { server, errors } = listening({
    onConnect: () => (begun.resolve(), NEVER()),
  });
  const held = await sendHeld(server, "held");
  const cut = assertRejects(() => held.receipt, TransferError);
  await begun.promise;
  await server.shutdown({ grace: 0 });
  assertEquals((await cut).code, "rejected");
  assertEquals(errors.map(({ error }) => error.code), ["rejected"]);
});

Deno.test("shutdown() without a bound waits for callbacks, whoever else is connected", async () => {
  const late = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const { server } = listening({
    onClose: () => (closed.resolve(), late.promise),
  });
  using mute = await Deno.connect({ port: portOf(server.addr) });
  await send(noise(1), server.addr, { name: "a" }); // mute was accepted before
  await closed.promise;
  const stopping = assertRejects(
    () => server.shutdown(),
    TransferError,
    "no screen",
  );
  // It is cut for the server to stop; the callback is not.
  assertEquals(await mute.read(new Uint8Array(1)), null);
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  late.reject(new RangeError("no screen"));
  await stopping;
});
