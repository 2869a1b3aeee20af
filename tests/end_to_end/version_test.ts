// Peers of another version, with a key and without: both sides say so in one
// line, and no side takes it for a matter of keys.

import { assert, assertEquals } from "@std/assert";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  connect as connectTls,
  createServer as createTlsServer,
} from "node:tls";
import type { TransferError } from "../../lib/base/errors.ts";
import { hangUp, readExactly, writeAll } from "../../lib/net/half_close.ts";
import { serve } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { FrameReader } from "../../lib/transfer/frame_reader.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import { SESSION } from "../../lib/wire/frames.ts";
import { hex, joined, noise } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import { certificate } from "../support/pairs.ts";
import { fail, failing, hello } from "../support/scripted.ts";
import { ENDING, KEY, SECRET } from "../support/secure_keyed.ts";

const TOKEN = "a token of some length";

/** What a version 1 begins with: without a key, and with one. */
const OLD = { open: 0x01, keyed: 0x81 };

const SAID =
  "it speaks version 1 and this program version 2; both sides need the same one";

function preface(last: number): Uint8Array {
  return joined([hex("89 48 43 0d 0a 1a 0a"), Uint8Array.of(last)]);
}

/** How a sender of version 1 begins. */
const SENDERS = {
  open: joined([preface(OLD.open), encodeFrame(hello())]),
  keyed: joined([preface(OLD.keyed), noise(32)]),
};

/** How a receiver of version 1 answers what it does not know. */
const REFUSAL = joined([
  preface(OLD.open),
  encodeFrame(hello({ id: new Uint8Array(16) })),
  encodeFrame(fail(SESSION, { code: "protocol", reason: "another version" })),
]);

for (const ours of ["open", "keyed"] as const) {
  const server = ours === "keyed" ? "a receiver with a key" : "a receiver";
  for (const theirs of ["open", "keyed"] as const) {
    const peer = theirs === "keyed" ? "a sender with a key" : "a sender";

    Deno.test(`${server} tells ${peer} of version 1 which version it speaks`, async () => {
      const errors: TransferError[] = [];
      await using server = serve({
        sink: memorySink(),
        onError: (error) => errors.push(error),
        ...(ours === "keyed" ? { key: KEY } : {}),
      });
      assert("port" in server.addr);
      using conn = await Deno.connect(server.addr);
      await writeAll(conn, SENDERS[theirs]);
      const answered = new Uint8Array(8);
      await readExactly(conn, answered);
      assertEquals(answered, preface(0x02));
      const reader = new FrameReader((into) => conn.read(into));
      assertEquals((await reader.next())?.type, "hello");
      const why = await reader.next();
      assert(why?.type === "fail");
      assertEquals([why.code, why.reason], ["protocol", SAID]);
      await hangUp(conn, ENDING);
      await server.shutdown();
      assertEquals(errors.map(({ code, message }) => [code, message]), [
        ["protocol", `Cannot talk to the peer: ${SAID}`],
      ]);
    });
  }
}

for (const key of [undefined, KEY]) {
  const sender = key ? "a sender with a key" : "a sender";
  for (
    const [peer, answer] of [
      ["a receiver", REFUSAL],
      ["a receiver with a key", joined([preface(OLD.keyed), SECRET])],
    ] as const
  ) {
    Deno.test(`${sender} says that ${peer} speaks version 1`, async () => {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const answering = (async () => {
        const conn = await listener.accept();
        await readExactly(conn, new Uint8Array(8));
        await writeAll(conn, answer);
        await hangUp(conn, ENDING);
      })();
      const target = { hostname: "127.0.0.1", port: listener.addr.port };
      const options = { name: "x", ...(key ? { key } : {}) };
      const error = await failing(send(noise(5), target, options));
      assertEquals(error.code, "protocol");
      assert(error.message.includes(SAID), error.message);
      await answering;
    });
  }
}

/** What a version 1 offers in a TLS handshake, and nothing else. */
const OLD_ALPN = ["halfclose/1"];

needs(
  ["openssl"],
  "a receiver with a certificate tells a sender of version 1 which version it speaks",
  async () => {
    const tls = await certificate();
    const errors: TransferError[] = [];
    await using server = serve({
      sink: memorySink(),
      tls,
      token: TOKEN,
      onError: (error) => errors.push(error),
    });
    assert("port" in server.addr);
    const socket = connectTls({
      port: server.addr.port,
      servername: "localhost",
      ca: [tls.cert],
      ALPNProtocols: OLD_ALPN,
    });
    socket.write(SENDERS.open);
    const answer = joined(await Array.fromAsync(socket));
    assertEquals(answer.subarray(0, 8), preface(0x02));
    await server.shutdown();
    assertEquals(errors.map(({ code, found }) => [code, found]), [
      ["protocol", SAID],
    ]);
  },
);

needs(
  ["openssl"],
  "a sender with --tls says that a receiver with a certificate speaks version 1",
  async () => {
    const tls = await certificate();
    const listener = createTlsServer({ ...tls, ALPNProtocols: OLD_ALPN });
    listener.on("secureConnection", (socket) => {
      socket.on("data", () => {}); // reads to the end, as a version 1 does
      socket.end(REFUSAL);
    });
    await once(listener.listen(0, "127.0.0.1"), "listening");
    const { port } = listener.address() as AddressInfo;
    const trusted = { ca: [tls.cert], hostname: "localhost" };
    const target = { hostname: "127.0.0.1", port };
    const options = { name: "x", tls: trusted, token: TOKEN };
    const error = await failing(send(noise(5), target, options));
    assertEquals(error.code, "protocol");
    assert(error.message.includes(SAID), error.message);
    listener.close();
    await once(listener, "close");
  },
);
