import { assert, assertEquals } from "@std/assert";
import { memorySink } from "../../../lib/sink/memory_sink.ts";
import { receive } from "../../../lib/transfer/receiver/receive.ts";
import { encodeFrame } from "../../../lib/wire/encoding.ts";
import { SESSION } from "../../../lib/wire/frames.ts";
import { PREFACE } from "../../../lib/wire/preface.ts";
import { joined, noise, utf8 } from "../../support/helpers.ts";
import { connectedPair, unixPair } from "../../support/pairs.ts";
import {
  accept,
  data,
  end,
  failing,
  finish,
  hello,
  open,
  Scripted,
} from "../../support/scripted.ts";
import { watchedSink } from "../../support/sinks.ts";

const BYTES = noise(1_000);

for (
  const [name, pair] of [["TCP", connectedPair], ["Unix", unixPair]] as const
) {
  Deno.test(`receive() takes a session over a ${name} connection and closes it`, async () => {
    const [ours, theirs] = await pair();
    using sender = new Scripted(ours);
    const sink = memorySink();
    const outcome = receive(theirs, sink);
    await sender.greet();
    await sender.say(open(0), data(0, BYTES), end(0, BYTES), finish(1));
    await sender.hearHello();
    await sender.hear("accept");
    await sender.hear("receipt");
    assertEquals(await sender.end(), []);
    const [receipt] = await outcome;
    assertEquals([receipt?.name, receipt?.bytes], ["file-0", 1_000]);
    assertEquals(sink.files.get("file-0"), BYTES);
    const gone = await theirs.read(new Uint8Array(1)).catch((error) => error);
    assert(gone instanceof Deno.errors.BadResource);
  });
}

/** What does not begin as a sender does. */
const STRANGERS: [string, Uint8Array, RegExp][] = [
  ["an HTTP client", utf8("GET / HTTP/1.0\r\n\r\n"), /like an HTTP client/],
  ["noise", noise(100_000).fill(0, 0, 1), /does not speak halfclose/],
  [
    "a sender whose first frame is not HELLO",
    joined([PREFACE as Uint8Array, encodeFrame(accept(0))]),
    /its first frame is ACCEPT, not HELLO/,
  ],
];

for (const [what, bytes, found] of STRANGERS) {
  Deno.test(`receive() answers ${what} with a reason, and no sink is asked`, async () => {
    const [ours, theirs] = await connectedPair();
    using peer = new Scripted(ours);
    let asked = 0;
    const sink = watchedSink({ open: () => void asked++ });
    const outcome = failing(receive(theirs, sink));
    await peer.sayBytes(bytes);
    await peer.hearHello();
    const said = await peer.hear("fail");
    assertEquals([said.entry, said.code], [SESSION, "protocol"]);
    assertEquals(await peer.end(), []);
    const error = await outcome;
    assertEquals(error.code, "protocol");
    assert(found.test(error.message), error.message);
    assertEquals(asked, 0);
  });
}

Deno.test("receive() names a peer that ends without a word", async () => {
  const [ours, theirs] = await connectedPair();
  using peer = new Scripted(ours);
  const outcome = failing(receive(theirs, memorySink()));
  await ours.closeWrite();
  await peer.hearHello();
  await peer.hear("fail");
  await peer.rest();
  const error = await outcome;
  assertEquals([error.code, error.message], [
    "protocol",
    "Cannot talk to the peer: it ended without a word",
  ]);
});

Deno.test("receive() throws lost for a sender that was cut off in its greeting", async () => {
  const [ours, theirs] = await connectedPair();
  using peer = new Scripted(ours);
  const outcome = failing(receive(theirs, memorySink()));
  await peer.sayBytes(PREFACE.subarray(0, 4));
  await peer.end();
  assertEquals((await outcome).code, "lost");
});

Deno.test("receive() throws integrity for a damaged HELLO", async () => {
  const [ours, theirs] = await connectedPair();
  using peer = new Scripted(ours);
  const outcome = failing(receive(theirs, memorySink()));
  const bytes = encodeFrame(hello());
  bytes[20]! ^= 1;
  await peer.sayBytes(joined([PREFACE as Uint8Array, bytes]));
  assertEquals((await outcome).code, "integrity");
});

Deno.test("receive() throws stalled for a peer that says nothing", async () => {
  const [ours, theirs] = await connectedPair();
  using _peer = new Scripted(ours);
  const options = { idleTimeout: 100 };
  const error = await failing(receive(theirs, memorySink(), options));
  assertEquals(error.code, "stalled");
});

Deno.test("receive() rejects with the reason when it is aborted, before HELLO and before it began", async () => {
  const reason = new RangeError("enough");
  for (const early of [true, false]) {
    const [ours, theirs] = await connectedPair();
    using _peer = new Scripted(ours);
    const stop = new AbortController();
    if (early) stop.abort(reason);
    const outcome = receive(theirs, memorySink(), { signal: stop.signal });
    stop.abort(reason);
    assertEquals(await outcome.catch((error) => error), reason);
  }
});
