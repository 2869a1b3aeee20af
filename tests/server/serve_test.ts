import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { Receipt } from "../../lib/model/receipt.ts";
import type { Target } from "../../lib/net/address.ts";
import { withDeadline } from "../../lib/net/deadline.ts";
import { sendRaw } from "../../lib/raw/send_raw.ts";
import { generateKey } from "../../lib/security/key.ts";
import { serve } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import type { Sink } from "../../lib/sink/sink.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { noise, tempDir, utf8 } from "../support/helpers.ts";
import {
  listening,
  portOf,
  sendHeld,
  withHeld,
} from "../support/serve_talk.ts";

Deno.test("serve() listens on a free port of this machine and says which", async () => {
  const heard: Target[] = [];
  await using server = serve({
    sink: memorySink(),
    onListen: (addr) => heard.push(addr),
  });
  assertEquals(heard, [server.addr]);
  assert("port" in server.addr);
  assertEquals(server.addr.hostname, "127.0.0.1");
  assert(server.addr.port > 0);
});

Deno.test("serve() tells its handler of each entry and who sent it", async () => {
  const heard: [Receipt, string][] = [];
  await using server = serve(
    { sink: memorySink() },
    (receipt, { peer }) => heard.push([receipt, peer]),
  );
  const receipt = await send(noise(10), server.addr, { name: "a" });
  assertEquals(heard.map(([one]) => one), [receipt]);
  assert(heard[0]?.[1].startsWith("127.0.0.1:"));
});

Deno.test("serve() waits for an async handler, and tells what it rejects with", async () => {
  const { promise, reject } = Promise.withResolvers<void>();
  const errors: TransferError[] = [];
  const server = serve(
    { sink: memorySink(), onError: (error) => errors.push(error) },
    () => promise,
  );
  await send(noise(10), server.addr, { name: "a" });
  let stopped = false;
  const stopping = server.shutdown().then(() => stopped = true);
  reject(new Error("the database is down"));
  assertEquals(stopped, false);
  await stopping;
  assertEquals(
    errors.map(({ message }) => message),
    ['Cannot tell of "a": the database is down'],
  );
});

Deno.test("serve() takes no raw streams with a key: they would come without it", () => {
  const error = assertThrows(
    () => serve({ sink: memorySink(), raw: true, key: generateKey() }),
    TransferError,
  );
  assertEquals(error.code, "usage");
});

Deno.test("a busy server refuses politely, and a sender that retries succeeds", async () => {
  const { server, held, sink, errors } = await withHeld({ maxConnections: 1 });
  await using _server = server;
  const refused = await assertRejects(
    () => send(noise(5), server.addr, { name: "impatient" }),
    TransferError,
  );
  assertEquals([refused.code, refused.retriable], ["rejected", true]);
  assert(refused.message.includes("busy"), refused.message);
  const retries: string[] = [];
  const receipt = await send(noise(5), server.addr, {
    name: "patient",
    retry: 9,
    onRetry: ({ error }) => {
      retries.push(error.code);
      held.finish();
    },
  });
  assertEquals(receipt.bytes, 5);
  assertEquals((await held.receipt).bytes, 2_000);
  assertEquals(new Set(retries), new Set(["rejected"]));
  assertEquals([...sink.files.keys()], ["held", "patient"]);
  assert(errors.every(({ error }) => error.code === "rejected"));
});

Deno.test("a busy server takes no raw stream either", async () => {
  const begun = Promise.withResolvers<void>();
  const refused = Promise.withResolvers<TransferError>();
  const { server, sink } = listening({
    raw: true,
    maxConnections: 1,
    onConnect: () => begun.resolve(),
    onError: refused.resolve,
  });
  await using _server = server;
  using first = await Deno.connect({ port: portOf(server.addr) });
  await begun.promise;
  using second = await Deno.connect({ port: portOf(server.addr) });
  assertEquals(await second.read(new Uint8Array(1)), null);
  assertEquals((await refused.promise).code, "rejected");
  await first.write(noise(3));
  await first.closeWrite();
  assertEquals(await first.read(new Uint8Array(1)), null);
  assertEquals(sink.files.get("stdin")?.length, 3);
});

Deno.test("serve() throws bind where another program listens", () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const error = assertThrows(
    () => serve({ sink: memorySink(), port }),
    TransferError,
    `Cannot listen on 127.0.0.1:${port}: another program listens there`,
  );
  assertEquals(error.code, "bind");
});

Deno.test("serve() throws bind for an address of another machine", () => {
  const error = assertThrows(
    () => serve({ sink: memorySink(), hostname: "192.0.2.1", insecure: true }),
    TransferError,
    "this machine has no such address",
  );
  assertEquals(error.code, "bind");
});

Deno.test("serve() throws bind for a Unix socket in no directory", async () => {
  await using dir = await tempDir();
  const error = assertThrows(
    () => serve({ sink: memorySink(), path: `${dir.path}/no/socket` }),
    TransferError,
    "Cannot listen on unix:",
  );
  assertEquals(error.code, "bind");
});

Deno.test("serve() takes transfers on a Unix socket", async () => {
  await using dir = await tempDir();
  const peers: string[] = [];
  const { server, sink } = listening({
    path: `${dir.path}/socket`,
    onConnect: ({ peer }) => peers.push(peer),
  });
  await using _server = server;
  assertEquals(server.addr, { transport: "unix", path: `${dir.path}/socket` });
  const bytes = noise(300_000);
  await send(bytes, server.addr, { name: "a" });
  assertEquals(sink.files.get("a"), bytes);
  assertEquals(peers, ["a local process"]);
});

Deno.test("two Unix senders at once are two sessions, each with its own progress", async () => {
  await using dir = await tempDir();
  const story: string[] = [];
  const going = new Map<number, number>();
  const both = Promise.withResolvers<void>();
  const { server } = listening({
    path: `${dir.path}/socket`,
    onConnect: ({ id, peer }) => story.push(`connected ${id} ${peer}`),
    onProgress: ({ bytes }, { id }) => {
      going.set(id, bytes);
      const [one, other] = going.values();
      if (one === 1_000 && other === 1_000) both.resolve();
    },
    onClose: ({ id }) => story.push(`closed ${id}`),
  });
  await using _server = server;
  const first = await sendHeld(server, "a");
  const second = await sendHeld(server, "b");
  await withDeadline(
    {
      close() {
        both.reject(new Error(JSON.stringify([...going])));
        for (const one of [first, second]) one.finish();
      },
    },
    10_000,
    "hear of both",
    () => both.promise,
  );
  second.finish();
  await second.receipt;
  first.finish();
  await first.receipt;
  await server.shutdown();
  assertEquals(story, [
    "connected 1 a local process",
    "connected 2 a local process",
    "closed 2",
    "closed 1",
  ]);
});

Deno.test("a sink that breaks fails its own session and no other", async () => {
  const good = memorySink();
  const sink: Sink = {
    open(entry) {
      if (entry.name === "a") throw new Error("the disk is on fire");
      return good.open(entry);
    },
  };
  const { server, errors } = listening({ sink });
  await using _server = server;
  const failing = send(noise(10), server.addr, { name: "a" });
  await assertRejects(() => failing, TransferError, "the disk is on fire");
  await send(noise(10), server.addr, { name: "b" });
  await server.shutdown();
  assertEquals(errors.length, 1);
  assertEquals(errors[0]?.authenticated, true);
});

Deno.test("serve() is not there when onListen throws", () => {
  let port = 0;
  assertThrows(
    () =>
      serve({
        sink: memorySink(),
        onListen(addr) {
          if (addr.transport !== "unix") port = addr.port;
          throw new RangeError("no screen");
        },
      }),
    RangeError,
  );
  Deno.listen({ hostname: "127.0.0.1", port }).close(); // it is free again
});

Deno.test("an onError that throws is told in the end, and ends nothing before", async () => {
  const sink = memorySink();
  const server = serve({
    sink,
    onError() {
      throw new RangeError("no screen");
    },
  });
  const { hostname, port } = server.addr as Deno.NetAddr;
  using client = await Deno.connect({ hostname, port });
  await client.write(utf8("GET / HTTP/1.0\r\n\r\n"));
  await new Response(client.readable).bytes(); // it was answered
  await send(noise(10), server.addr, { name: "after" });
  const error = await assertRejects(
    () => server.shutdown(),
    TransferError,
    "Cannot tell of the failure: no screen",
  );
  assert(error.cause instanceof RangeError);
  assertEquals([error.code, ...sink.files.keys()], ["internal", "after"]);
});

for (const raw of [false, true]) {
  for (
    const [callback, what] of [
      ["onConnect", "the connection"],
      ["onProgress", "the progress"],
    ] as const
  ) {
    Deno.test(`an ${callback} that rejects fails its session, raw: ${raw}, and stops nothing`, async () => {
      const closed: unknown[] = [];
      const progressed = Promise.withResolvers<void>();
      const { server, errors, sink } = listening({
        raw,
        onProgress: () => progressed.resolve(),
        onClose: (info) => closed.push(info),
        [callback]: () => {
          progressed.resolve();
          return Promise.reject(new RangeError("no screen"));
        },
      });
      async function* source() {
        yield noise(10);
        await progressed.promise;
      }
      await (raw ? sendRaw : send)(source(), server.addr, { name: "stdin" });
      await server.shutdown();
      assertEquals([...sink.files.keys()], ["stdin"]);
      assertEquals(
        errors.map(({ error, authenticated }) => [
          error.message,
          authenticated,
        ]),
        [[`Cannot tell of ${what}: no screen`, true]],
      );
      assertEquals(closed, []);
    });
  }
}

Deno.test("an onClose that rejects fails the server in the end, and no session", async () => {
  const { server, errors } = listening({
    onClose: ({ id }) => Promise.reject(new RangeError(`no screen ${id}`)),
  });
  for (const name of ["a", "b"]) await send(noise(10), server.addr, { name });
  const stopping = () => server.shutdown();
  await assertRejects(stopping, TransferError, "no screen 1");
  assertEquals(errors, []);
});

Deno.test("serve() refuses limits that would end everything at once", () => {
  for (const limit of [{ idleTimeout: NaN }, { maxConnections: 0 }]) {
    assertThrows(() => serve({ sink: memorySink(), ...limit }), TransferError);
  }
});
