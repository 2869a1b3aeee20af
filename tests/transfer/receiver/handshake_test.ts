// How a session begins, and whom the receiver turns away before it does.

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { memorySink } from "../../../lib/sink/memory_sink.ts";
import { receiverHandshake } from "../../../lib/transfer/receiver/handshake.ts";
import { receive } from "../../../lib/transfer/receiver/receive.ts";
import { encodeFrame } from "../../../lib/wire/encoding.ts";
import { SESSION } from "../../../lib/wire/frames.ts";
import { PREFACE } from "../../../lib/wire/preface.ts";
import { joined, noise, utf8 } from "../../support/helpers.ts";
import { connectedPair } from "../../support/pairs.ts";
import {
  accept,
  fail,
  failing,
  hello,
  Scripted,
} from "../../support/scripted.ts";
import { whole } from "../../support/session_talk.ts";
import { watchedSink } from "../../support/sinks.ts";

/** What does not begin as a sender does. */
const OTHER_PEERS: [string, Uint8Array, RegExp][] = [
  ["an HTTP client", utf8("GET / HTTP/1.0\r\n\r\n"), /like an HTTP client/],
  ["noise", noise(100_000).fill(0, 0, 1), /does not speak halfclose/],
  [
    "a sender whose first frame is not HELLO",
    joined([PREFACE as Uint8Array, encodeFrame(accept(0))]),
    /its first frame is ACCEPT, not HELLO/,
  ],
];

for (const [what, bytes, found] of OTHER_PEERS) {
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

Deno.test("receive() throws integrity for a damaged HELLO, and says so", async () => {
  const [ours, theirs] = await connectedPair();
  using peer = new Scripted(ours);
  const outcome = failing(receive(theirs, memorySink()));
  const bytes = encodeFrame(hello());
  bytes[20]! ^= 1;
  await peer.sayBytes(joined([PREFACE as Uint8Array, bytes]));
  await peer.hearHello();
  assertEquals((await peer.hear("fail")).code, "integrity");
  assertEquals(await peer.end(), []);
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

Deno.test("a declined sender that pipelines hears FAIL and an orderly end", async () => {
  const [ours, theirs] = await connectedPair();
  using sender = new Scripted(ours);
  const closing = Promise.withResolvers<void>();
  const outcome = receiverHandshake({
    read: (into) => theirs.read(into),
    write: (bytes) => theirs.write(bytes),
    closeWrite: () => theirs.closeWrite(),
    close() {
      theirs.close();
      closing.resolve();
    },
  });
  await sender.greet();
  // Unread, these bytes would turn the receiver's close() into a reset.
  await sender.say(...whole(0, noise(200_000)), ...whole(1, noise(200_000)));
  const busy = new TransferError(
    "rejected",
    { doing: "go on", found: "busy" },
    {
      retriable: true,
    },
  );
  const declined = (await outcome).decline(busy);
  await sender.hearHello();
  assertEquals<unknown>(
    await sender.next(),
    fail(SESSION, { retriable: true, reason: "busy" }),
  );
  assertEquals(await sender.next(), null); // a half-close, and not a reset
  // The receiver still drains: only its own end of the connection is over.
  let closed = false;
  closing.promise.then(() => closed = true);
  await sender.say(...whole(2, noise(200_000)));
  assertEquals(closed, false);
  assertEquals(await sender.end(), []);
  await declined;
  assertEquals(closed, true);
});
