// A key on both sides, on one side, and on neither.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { readExactly } from "../../lib/net/half_close.ts";
import { challengeResponseOf, nonce } from "../../lib/security/auth_proof.ts";
import { derive, generateKey, parseKey } from "../../lib/security/key.ts";
import type { ServeOptions } from "../../lib/server/options.ts";
import { serve } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { receive } from "../../lib/transfer/receiver/receive.ts";
import {
  send,
  sendAll,
  type SendOptions,
} from "../../lib/transfer/sender/send.ts";
import {
  encodeKeyChallenge,
  KEY_CHALLENGE_BYTES,
} from "../../lib/wire/key_challenge.ts";
import { noise, tempDir, utf8 } from "../support/helpers.ts";
import { relay } from "../support/relay.ts";
import { failing } from "../support/scripted.ts";
import { listening } from "../support/serve_talk.ts";

const KEY = generateKey(), OTHER = generateKey();

for (const size of [0, 1, 16_384, 65_536, 1_048_575, 1_048_577, 5_000_000]) {
  Deno.test(`${size} bytes pass between two that have the key`, async () => {
    const { server, sink } = listening({ key: KEY });
    await using _server = server;
    const bytes = noise(size);
    const receipt = await send(bytes, server.addr, { key: KEY, name: "a" });
    assertEquals(receipt.bytes, size);
    assertEquals(sink.files.get("a"), bytes);
  });
}

Deno.test("a directory passes with a key, and so do stdin's bytes", async () => {
  await using dir = await tempDir();
  for (let number = 0; number < 300; number++) {
    await Deno.writeFile(`${dir.path}/${number}`, noise(number * 7));
  }
  const { server, sink } = listening({ key: KEY });
  await using _server = server;
  await sendAll([dir.path], server.addr, { key: KEY, name: "all" });
  assertEquals(sink.files.size, 300);
  async function* pieces() {
    for (let count = 0; count < 50; count++) yield noise(1_000);
  }
  const receipt = await send(pieces(), server.addr, { key: KEY });
  assertEquals(receipt.bytes, 50_000);
});

Deno.test("a key works on a Unix socket and in receive()", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/socket`;
  const { server, sink } = listening({ key: KEY, path });
  await using _server = server;
  await send(noise(100_000), server.addr, { key: KEY, name: "a" });
  assertEquals(sink.files.get("a")?.length, 100_000);
  const wrong = send(noise(1), server.addr, { key: OTHER, name: "b" });
  assertEquals((await failing(wrong)).code, "auth");

  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const sending = send(noise(5), { hostname, port }, { key: KEY });
  const options = { key: KEY };
  const receipts = await receive(
    await listener.accept(),
    memorySink(),
    options,
  );
  assertEquals(receipts, [await sending]);
});

Deno.test("eight senders with the key at once do not disturb each other", async () => {
  const { server, sink, errors } = listening({ key: KEY });
  await using _server = server;
  await Promise.all(Array.from(
    { length: 8 },
    (_, number) =>
      send(noise(300_000), server.addr, { key: KEY, name: `${number}` }),
  ));
  assertEquals([sink.files.size, errors.length], [8, 0]);
});

/** Who has which key, and what each side is told. */
const MISMATCHES: [
  string,
  { sender: SendOptions; receiver: Partial<ServeOptions> },
  RegExp,
  RegExp,
][] = [
  [
    "a sender with another key",
    { sender: { key: OTHER }, receiver: { key: KEY } },
    /the receiver has another key/,
    /the two sides do not have the same secret/,
  ],
  [
    "a sender without a key to a receiver with one",
    { sender: {}, receiver: { key: KEY } },
    /this receiver takes only those that have its key; --key-file/,
    /takes only those that have its key/,
  ],
  [
    "a sender with a key to a receiver without one",
    { sender: { key: KEY }, receiver: {} },
    /the receiver was started without a key; start it with the same key/,
    /one side has a key and the other has none/,
  ],
];

for (const [who, { sender, receiver }, told, logged] of MISMATCHES) {
  Deno.test(`${who} is told so: auth on both sides`, async () => {
    const opened: string[] = [];
    const sink = memorySink();
    const { server, errors } = listening({
      ...receiver,
      sink: { open: (entry) => (opened.push(entry.name), sink.open(entry)) },
    });
    await using _server = server;
    const sending = send(noise(9), server.addr, {
      ...sender,
      name: "a",
      retry: 5,
    });
    const error = await failing(sending);
    assertEquals([error.code, error.exit, error.retriable], ["auth", 6, false]);
    assert(told.test(error.message), error.message);
    await server.shutdown();
    assertEquals(errors.map(({ authenticated }) => authenticated), [false]);
    assertEquals(errors[0]!.error.code, "auth");
    assert(logged.test(errors[0]!.error.message), errors[0]!.error.message);
    assertEquals(opened, [], "no file effect");
  });
}

Deno.test("no error ever shows a key", async () => {
  const { server, errors } = listening({ key: KEY });
  await using _server = server;
  const failure = await failing(send(noise(1), server.addr, { key: OTHER }));
  const all: unknown[] = [failure];
  for (let one: unknown = failure; one instanceof Error; one = one.cause) {
    all.push(one.message, one.stack);
  }
  all.push(...errors.map(({ error }) => error.message));
  const text = Deno.inspect(all, { depth: 9 });
  for (const key of [KEY, OTHER]) assert(!text.includes(key.slice(5, 20)));
});

Deno.test("a recorded conversation holds neither name nor content", async () => {
  const phrase = "the quick brown fox jumps over the lazy dog ";
  const { server, sink } = listening({ key: KEY });
  await using _server = server;
  await using between = relay(server.addr);
  const bytes = utf8(phrase.repeat(20_000));
  const name = "a-name-to-be-kept-secret.txt";
  await send(bytes, between.target, { key: KEY, name });
  assertEquals(sink.files.get(name), bytes);
  for (const way of ["up", "down"] as const) {
    const seen = new TextDecoder("latin1").decode(between.recorded(way));
    for (const secret of [phrase, "quick", name, "secret", KEY.slice(5)]) {
      assert(!seen.includes(secret), `${secret} was sent ${way}`);
    }
  }
  assert(between.recorded("up").length > bytes.length);
  // In the open the same search finds both: it can find something.
  const open = listening();
  await using _open = open.server;
  await using beside = relay(open.server.addr);
  await send(bytes, beside.target, { name });
  const seen = new TextDecoder("latin1").decode(beside.recorded("up"));
  assertStringIncludes(seen, phrase);
  assertStringIncludes(seen, name);
});

Deno.test("an address that others reach needs a key, or insecure typed out", async () => {
  for (const raw of [false, true]) {
    for (const hostname of ["0.0.0.0", "::", "192.0.2.1"]) {
      const error = assertThrows(
        () => serve({ sink: memorySink(), hostname, raw }),
        TransferError,
        "`key` or `insecure: true` would do",
      );
      assertEquals(error.code, "usage");
    }
  }
  const raw = { sink: memorySink(), hostname: "0.0.0.0", raw: true, key: KEY };
  assertThrows(() => serve(raw), TransferError); // a raw stream has no key
  await using _insecure = serve({
    sink: memorySink(),
    hostname: "0.0.0.0",
    insecure: true,
  });
  await using _keyed = serve({
    sink: memorySink(),
    hostname: "0.0.0.0",
    key: KEY,
  });
});

Deno.test("what does not go together is refused before anything is sent", async () => {
  const target = { hostname: "127.0.0.1", port: 9 };
  for (
    const options of [
      { key: "hck1_nonsense" },
      { key: "" },
      { token: "long enough for a token" },
      { tls: {} },
      { tls: {}, token: "too short" },
      { tls: {}, key: KEY, token: "long enough for a token" },
    ]
  ) {
    const error = await failing(send(noise(1), target, options));
    assertEquals(error.code, "usage", JSON.stringify(options));
  }
});

Deno.test("a signal ends receive() in the middle of the TLS handshake too", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const sender = await Deno.connect({ hostname, port });
  const stop = new AbortController();
  const receiving = assertRejects(
    async () => {
      const options = { key: KEY, signal: stop.signal };
      await receive(await listener.accept(), memorySink(), options);
    },
    RangeError,
    "enough",
  );
  // Answers the key challenge as one who has the key, and leaves TLS alone.
  const own = nonce(), challenge = new Uint8Array(KEY_CHALLENGE_BYTES);
  await sender.write(encodeKeyChallenge(own));
  await readExactly(sender, challenge);
  const secret = derive(parseKey(KEY), "challenge");
  await sender.write(
    challengeResponseOf(secret, own, challenge.subarray(8)),
  );
  assertEquals(await readExactly(sender, new Uint8Array(1)), true);
  stop.abort(new RangeError("enough"));
  await receiving;
  sender.close();
});

Deno.test("a signal ends the agreement with a receiver that says nothing", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const stop = new AbortController();
  const sending = send(noise(1), { hostname, port }, {
    key: KEY,
    signal: stop.signal,
  });
  const peer = await listener.accept();
  assertEquals(await peer.read(new Uint8Array(100)), 40);
  stop.abort(new RangeError("enough"));
  await assertRejects(() => sending, RangeError, "enough");
  assertEquals(await peer.read(new Uint8Array(1)), null);
  peer.close();
});
