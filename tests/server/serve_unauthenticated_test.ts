// Peers that are no senders, and faults that stay with their own connection.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { type Code, TransferError } from "../../lib/base/errors.ts";
import type { Target } from "../../lib/net/address.ts";
import { generateKey } from "../../lib/security/key.ts";
import { serve } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { bytesItem } from "../../lib/source/item.ts";
import { send, transfer } from "../../lib/transfer/sender/send.ts";
import { noise } from "../support/helpers.ts";
import { runBlocking } from "../support/children.ts";
import { needs } from "../support/needs.ts";
import { codeOf, listening, portOf, withHeld } from "../support/serve_talk.ts";

/** Says something and reads to the server's end, as a polite program does. */
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

/** What connects, what it does, and what is reported of it. */
const PEERS: [
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

needs(
  ["python3"],
  "connections that are gone before they are accepted hold up nobody (9)",
  async () => {
    const { server, errors } = listening();
    await using _server = server;
    const port = String(portOf(server.addr));
    // Nothing is accepted meanwhile: this thread waits for the program.
    const script = `${import.meta.dirname}/../support/peers/gone.py`;
    runBlocking("python3", script, port, "200");
    await send(noise(1), server.addr, { name: "a", idleTimeout: 3_000 });
    assertEquals(errors, []);
  },
);

for (const [who, visit, message, code = "protocol"] of PEERS) {
  Deno.test(`${who} is one error, an unauthenticated peer's, and harms no other`, async () => {
    const { server, errors, sink } = listening();
    await using _server = server;
    await visit(server.addr);
    const receipt = await send(noise(9), server.addr, { name: "healthy" });
    assertEquals(receipt.bytes, 9);
    await server.shutdown();
    assertEquals(errors.length, 1);
    const { error, authenticated } = errors[0]!;
    assertEquals([error.code, authenticated], [code, false]);
    assert(message.test(error.message), error.message);
    assertEquals(sink.files.size, 1);
  });
}

Deno.test("serve() is not reached by other machines unless it has a key or was told to be insecure", async () => {
  const sink = memorySink();
  const error = assertThrows(
    () => serve({ sink, hostname: "0.0.0.0" }),
    TransferError,
    "Cannot listen on 0.0.0.0:0 without a key: ",
  );
  assertEquals(error.code, "usage");
  for (const more of [{ key: generateKey() }, { insecure: true }]) {
    await using server = serve({ sink, hostname: "0.0.0.0", ...more });
    assert(portOf(server.addr) > 0);
  }
});

Deno.test("a server with a key keeps 256 connections of one address that prove nothing, and no more", async () => {
  const { server } = listening({ key: generateKey() });
  await using _server = server;
  const port = portOf(server.addr);
  let ended = 0;
  const waiting: { conn: Deno.Conn; end: Promise<unknown> }[] = [];
  for (let count = 0; count < 256; count++) {
    const conn = await Deno.connect({ port });
    const end = conn.read(new Uint8Array(1)).catch(() => {})
      .finally(() => ended++);
    waiting.push({ conn, end });
  }
  using next = await Deno.connect({ port });
  assertEquals(await next.read(new Uint8Array(1)), null);
  assertEquals(ended, 0, "it was closed before those that came first");
  for (const { conn } of waiting) conn.close();
  await Promise.all(waiting.map(({ end }) => end));
});

/** What no honest sender sends. */
const BAD = bytesItem(noise(1), { kind: "file", name: "../bad" });

/** Connects and says half of a preface. */
async function halfAPreface(port: number): Promise<Socket> {
  const socket = connectSocket({ host: "127.0.0.1", port });
  await once(socket, "connect");
  await new Promise<void>((resolve) => {
    socket.write(Uint8Array.of(0x89, 0x48, 0x43), () => resolve());
  });
  return socket;
}

Deno.test("one connection's fault never touches another", async () => {
  const { server, held, errors, sink } = await withHeld();
  await using _server = server;
  const port = portOf(server.addr);
  const halves = await Promise.all(Array.from(
    { length: 20 },
    () => halfAPreface(port),
  ));
  // It was accepted after those, so they were accepted too: one that is reset
  // before that never was a connection.
  await send(noise(1), server.addr, { name: "after" });
  const resets = halves.map(async (socket) => {
    const closed = once(socket, "close");
    socket.resetAndDestroy();
    await closed;
  });
  const peers = PEERS.map(([, visit]) => visit(server.addr));
  const good = Array.from(
    { length: 20 },
    (_, number) => send(noise(50_000), server.addr, { name: `good${number}` }),
  );
  const bad = Array.from(
    { length: 20 },
    () => codeOf(transfer([BAD], server.addr, {})),
  );
  await Promise.all([...resets, ...peers, ...good]);
  assertEquals(new Set(await Promise.all(bad)), new Set(["rejected"]));
  held.finish();
  assertEquals((await held.receipt).bytes, 2_000);
  await server.shutdown();
  assertEquals(sink.files.size, 22);
  assertEquals(errors.length, 20 + PEERS.length + 20);
});
