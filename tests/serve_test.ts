import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect as connectSocket } from "node:net";
import type { Target } from "../lib/connect.ts";
import { type Code, TransferError } from "../lib/errors.ts";
import { memorySink } from "../lib/memory_sink.ts";
import type { Receipt } from "../lib/receipt.ts";
import { send, type SendOptions, transfer } from "../lib/send.ts";
import { serve, type ServeOptions, type Server } from "../lib/serve.ts";
import type { Sink } from "../lib/sink.ts";
import { bytesItem } from "../lib/source.ts";
import { noise, tempDir, utf8 } from "./helpers.ts";

/** A server, and what it said. */
function listening(options: Partial<ServeOptions> = {}) {
  const sink = memorySink();
  const errors: { error: TransferError; stranger: boolean }[] = [];
  const receipts: Receipt[] = [];
  const server = serve({
    sink,
    onError: (error, { stranger }) => errors.push({ error, stranger }),
    ...options,
  }, (receipt) => receipts.push(receipt));
  return { sink, errors, receipts, server };
}

/** A transfer that has begun and ends when it is told to. */
async function heldTransfer(
  { server, begun }: { server: Server; begun: Promise<void> },
  options: SendOptions = {},
) {
  const gate = Promise.withResolvers<void>();
  async function* source() {
    yield new Uint8Array(1_000);
    await gate.promise;
    yield new Uint8Array(1_000);
  }
  const receipt = send(source(), server.addr, { name: "held", ...options });
  receipt.catch(() => {}); // the test looks at it later
  await begun;
  return { receipt, finish: () => gate.resolve() };
}

/** A server, and a transfer to it that has begun. */
async function withHeld(options: Partial<ServeOptions> = {}) {
  const begun = Promise.withResolvers<void>();
  const all = listening({ onConnect: () => begun.resolve(), ...options });
  const held = await heldTransfer({ ...all, begun: begun.promise });
  return { ...all, held };
}

function portOf(target: Target): number {
  assert("port" in target);
  return target.port;
}

function codeOf(promise: Promise<unknown>): Promise<string> {
  return assertRejects(() => promise, TransferError).then(({ code }) => code);
}

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

Deno.test("shutdown() may be called twice, and after an abort", async () => {
  const stop = new AbortController();
  const { server } = listening({ signal: stop.signal });
  stop.abort();
  await Promise.all([server.shutdown(), server.shutdown()]);
  await server.finished;
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

/** Says something and reads to the server's end, as a polite stranger does. */
async function say(target: Target, words: Uint8Array): Promise<number> {
  using conn = await Deno.connect({ port: portOf(target) });
  let heard = 0;
  const hearing = (async () => {
    const buffer = new Uint8Array(4_096);
    for (let count; (count = await conn.read(buffer)) !== null;) {
      heard += count;
    }
  })();
  for (let at = 0; at < words.length;) at += await conn.write(words.slice(at));
  await conn.closeWrite();
  await hearing;
  return heard;
}

/** Who comes, what they do, and what is made of it. */
const STRANGERS: [
  string,
  (target: Target) => Promise<unknown>,
  RegExp,
  Code?,
][] = [
  [
    "an HTTP client",
    (target) =>
      fetch(`http://127.0.0.1:${portOf(target)}/`)
        .catch((error) => assert(error instanceof TypeError)),
    /began with "GET \/ HTTP\/1.1", like an HTTP client/,
  ],
  [
    "a TLS client",
    async (target) => {
      const port = portOf(target);
      using tls = await Deno.connectTls({ hostname: "127.0.0.1", port });
      await assertRejects(() => tls.handshake(), Error);
    },
    /like a TLS client/,
  ],
  [
    "1 MB of random bytes",
    async (target) => {
      const bytes = noise(1_000_000);
      bytes[0] = 0; // not by chance the first byte of the preface
      assert(await say(target, bytes) > 0, "no answer");
    },
    /does not speak halfclose/,
  ],
  [
    "a port scan",
    async (target) => {
      using conn = await Deno.connect({ port: portOf(target) });
      await conn.closeWrite();
      await conn.read(new Uint8Array(1));
    },
    /ended without a word/,
  ],
  [
    "the first half of a preface",
    (target) => say(target, Uint8Array.of(0x89, 0x48, 0x43)),
    // It may have been a sender whose connection broke.
    /the connection ended inside it/,
    "lost",
  ],
  [
    "a version from the future",
    (target) =>
      say(
        target,
        Uint8Array.of(0x89, 0x48, 0x43, 0x0d, 0x0a, 0x1a, 0x0a, 99),
      ),
    /it speaks version 99/,
  ],
];

for (const [who, visit, message, code = "protocol"] of STRANGERS) {
  Deno.test(`${who} is one error, a stranger's, and harms nobody`, async () => {
    const { server, errors, sink } = listening();
    await using _server = server;
    await visit(server.addr);
    const receipt = await send(noise(9), server.addr, { name: "healthy" });
    assertEquals(receipt.bytes, 9);
    await server.shutdown();
    assertEquals(errors.length, 1);
    const { error, stranger } = errors[0]!;
    assertEquals([error.code, stranger], [code, true]);
    assert(message.test(error.message), error.message);
    assertEquals(sink.files.size, 1);
  });
}

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

/** What no honest sender sends. */
const BAD = bytesItem(noise(1), { kind: "file", name: "../bad" });

Deno.test("one connection's fault never touches another", async () => {
  const { server, held, errors, sink } = await withHeld();
  await using _server = server;
  const port = portOf(server.addr);
  const resets = Array.from(
    { length: 20 },
    () =>
      new Promise<void>((resolve) => {
        const socket = connectSocket({ host: "127.0.0.1", port }, () => {
          // Half of a preface, then a reset.
          socket.write(Uint8Array.of(0x89, 0x48, 0x43), () => {
            socket.resetAndDestroy();
          });
        }).on("close", () => resolve());
      }),
  );
  const strangers = STRANGERS.map(([, visit]) => visit(server.addr));
  const good = Array.from(
    { length: 20 },
    (_, number) => send(noise(50_000), server.addr, { name: `good${number}` }),
  );
  const bad = Array.from(
    { length: 20 },
    () => codeOf(transfer([BAD], server.addr, {})),
  );
  await Promise.all([...resets, ...strangers, ...good]);
  assertEquals(new Set(await Promise.all(bad)), new Set(["rejected"]));
  held.finish();
  assertEquals((await held.receipt).bytes, 2_000);
  await server.shutdown();
  assertEquals(sink.files.size, 21);
  assertEquals(errors.length, 20 + STRANGERS.length + 20);
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
  assertEquals(errors[0]?.stranger, false);
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
  using stranger = await Deno.connect({ hostname, port });
  await stranger.write(utf8("GET / HTTP/1.0\r\n\r\n"));
  await new Response(stranger.readable).bytes(); // it was answered
  await send(noise(10), server.addr, { name: "after" });
  await assertRejects(() => server.shutdown(), RangeError, "no screen");
  assertEquals([...sink.files.keys()], ["after"]);
});

Deno.test("serve() refuses limits that would end everything at once", () => {
  for (const limit of [{ idleTimeout: NaN }, { maxConnections: 0 }]) {
    assertThrows(() => serve({ sink: memorySink(), ...limit }), TransferError);
  }
});
