import { assert, assertEquals, assertThrows } from "@std/assert";
import { Semaphore } from "../../lib/base/semaphore.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { Channel, type ChannelOptions } from "../../lib/transfer/channel.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import {
  DATA_HEAD_BYTES,
  type Frame,
  MAX_DATA_BYTES,
  SESSION,
} from "../../lib/wire/frames.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { FAIR, memoryPair } from "../faults/memory_conn.ts";
import { FakeTime } from "../support/fake_time.ts";
import { hex, joined, noise, sealed } from "../support/helpers.ts";
import { connectedPair } from "../support/pairs.ts";
import {
  accept,
  data,
  digestOf,
  end,
  fail,
  failing,
  finish,
  hello,
  ID,
  open,
  receipt,
  Scripted,
} from "../support/scripted.ts";

const ENDING = { silence: 300, total: 1_000 };

/** A channel, and who is at its other end. */
async function talk(
  idleTimeout = 5_000,
  pair?: [Duplex, Duplex],
  options: ChannelOptions = {},
) {
  const [ours, theirs] = pair ?? await connectedPair();
  const channel = new Channel(ours, idleTimeout, options);
  const peer = new Scripted(theirs);
  return {
    channel,
    peer,
    [Symbol.dispose]() {
      channel.close();
      peer[Symbol.dispose]();
    },
  };
}

Deno.test("HELLO comes after the preface and offers SHA-256 and data as it is", async () => {
  using all = await talk();
  all.channel.sayHello(ID);
  assertEquals(await all.peer.hearHello(), hello());
});

Deno.test("hearHello() takes a peer that offers more than this side knows", async () => {
  using all = await talk();
  await all.peer.greet({ features: 0xffff_ffff, digests: 7, codecs: 5 });
  assertEquals((await all.channel.hearHello())?.features, 0xffff_ffff);
});

Deno.test("a channel carries what both sides agreed on, once HELLO was heard", async () => {
  using all = await talk();
  assertThrows(() => all.channel.agreement, RangeError);
  await all.peer.greet({ features: 5, digests: 7, codecs: 5 });
  await all.channel.hearHello();
  assertEquals(all.channel.agreement, {
    digest: "sha256",
    codec: "identity",
    features: 0,
  });
});

Deno.test("hear() throws protocol for a digest by an algorithm that there is not", async () => {
  using all = await talk();
  await all.peer.greet();
  await all.channel.hearHello();
  const frame = encodeFrame(end(0, noise(3)));
  frame[24] = 2; // the number of the algorithm
  await all.peer.sayBytes(sealed(frame));
  const error = await failing(all.channel.hear());
  assertEquals([error.code, error.message], [
    "protocol",
    "Cannot read the end frame: its digest is 2",
  ]);
});

Deno.test("hearHello() tells a peer that ended without a word", async () => {
  using all = await talk();
  const ending = all.peer.end();
  assertEquals(await all.channel.hearHello(), null);
  all.channel.close();
  await ending;
});

for (
  const [what, more] of [
    ["requires an ability this side has not", { required: 1 }],
    ["has no SHA-256", { digests: 2 }],
    ["cannot send data as it is", { codecs: 2 }],
  ] as const
) {
  Deno.test(`hearHello() throws protocol for a peer that ${what}`, async () => {
    using all = await talk();
    await all.peer.greet(more);
    assertEquals((await failing(all.channel.hearHello())).code, "protocol");
  });
}

for (
  const [code, first, found] of [
    ["protocol", encodeFrame(accept(0)), "not HELLO"],
    ["lost", new Uint8Array(0), "ended before its HELLO"],
  ] as const
) {
  Deno.test(`hearHello() throws ${code} where the peer's first frame is ${found}`, async () => {
    using all = await talk();
    await all.peer.sayBytes(joined([PREFACE as Uint8Array, first]));
    const ending = all.peer.end();
    const error = await failing(all.channel.hearHello());
    assertEquals(error.code, code);
    assert(error.message.includes(found), error.message);
    all.channel.close();
    await ending;
  });
}

Deno.test("hearHello() passes on a FAIL that comes instead", async () => {
  using all = await talk();
  const why = fail(SESSION, { code: "auth", reason: "no key" });
  await all.peer.sayBytes(joined([PREFACE as Uint8Array, encodeFrame(why)]));
  const error = await failing(all.channel.hearHello());
  assertEquals([error.code, error.message], [
    "auth",
    "Cannot talk to the peer: no key",
  ]);
});

/** What a receiver has to prove, and hear proven. */
const CREDENTIALS = {
  role: "receiver",
  secret: noise(32),
  binding: noise(32),
} as const;

/** The header alone of a DATA that is longer than any greeting. */
const LONG = sealed(hex("11 00 0000 00000000 000007d0 00000000"));

for (const due of ["HELLO", "NONCE", "PROOF"] as const) {
  Deno.test(`hearHello() throws protocol for a long frame where ${due} is due, without its payload`, async () => {
    using all = await talk(5_000, undefined, { credentials: CREDENTIALS });
    const { peer, channel } = all;
    if (due === "HELLO") await peer.sayBytes(PREFACE as Uint8Array);
    else await peer.greet();
    if (due === "PROOF") await peer.say({ type: "nonce", nonce: noise(32) });
    await peer.sayBytes(LONG);
    const error = await failing(channel.hearHello());
    assertEquals([error.code, error.message], [
      "protocol",
      "Cannot talk to the peer: it said DATA with 2000 bytes before it had " +
      "introduced itself",
    ]);
  });
}

Deno.test("no two greetings show the same nonce", async () => {
  const shown = new Set<string>();
  for (let count = 0; count < 10; count++) {
    using all = await talk(5_000, undefined, { credentials: CREDENTIALS });
    all.channel.sayHello(ID);
    await all.peer.hearHello();
    shown.add((await all.peer.hear("nonce")).nonce.join());
  }
  assertEquals(shown.size, 10);
});

Deno.test("frames keep their order, small and large, said and copied", async () => {
  using all = await talk();
  const { channel, peer } = all;
  channel.sayHello(ID);
  const large = noise(300_000);
  const copied = encodeFrame(data(2, noise(100)));
  channel.say(accept(0));
  const sending = channel.sayBytes(encodeFrame(data(1, large)));
  channel.sayCopy(copied);
  copied.fill(0); // it may change at once
  channel.say(finish(3));
  await peer.hearHello();
  assertEquals((await peer.hear("accept")).entry, 0);
  assertEquals(digestOf((await peer.hear("data")).bytes), digestOf(large));
  assertEquals((await peer.hear("data")).bytes, noise(100));
  assertEquals((await peer.hear("finish")).entries, 3);
  await sending;
});

Deno.test("extensions pass through two channels, in every frame with room for them", async () => {
  const [ours, theirs] = await connectedPair();
  using one = new Channel(ours, 5_000);
  using other = new Channel(theirs, 5_000);
  const extensions = [{ number: 9, critical: false, value: noise(30) }];
  const bytes = noise(3);
  const frames: Frame[] = [
    hello({ extensions }), // a later one: sayHello() says this version's
    open(1, { extensions }),
    { ...accept(1), extensions },
    end(1, bytes, { extensions }),
    receipt(1, bytes, { extensions }),
  ];
  one.sayHello(ID);
  for (const frame of frames) one.say(frame);
  assertEquals(await other.hearHello(), hello());
  for (const frame of frames) assertEquals(await other.hear(), frame);
});

Deno.test("hearHello() skips an extension that it does not know, and keeps it", async () => {
  using all = await talk();
  const extensions = [{ number: 9, critical: false, value: noise(1_000) }];
  await all.peer.greet({ extensions });
  assertEquals((await all.channel.hearHello())?.extensions, extensions);
});

Deno.test("flush() waits until the kernel has taken all that was said", async () => {
  using all = await talk();
  const { channel, peer } = all;
  const reading = peer.hearHello();
  channel.sayHello(ID);
  assert(!channel.quiet);
  assertEquals([channel.written, channel.said], [0, 8 + 16 + 28]);
  await channel.flush();
  assert(channel.quiet);
  assertEquals(channel.written, channel.said);
  await reading;
});

Deno.test("what is said in one turn is one write", async () => {
  const [ours, theirs] = memoryPair(FAIR);
  let writes = 0;
  const write = ours.write.bind(ours);
  ours.write = (bytes) => {
    writes++;
    return write(bytes);
  };
  using all = await talk(5_000, [ours, theirs]);
  const { channel, peer } = all;
  channel.sayHello(ID);
  channel.say(accept(0));
  channel.say(accept(1));
  await channel.flush();
  assertEquals(writes, 1);
  await peer.hearHello();
  assertEquals(await peer.hear("accept"), accept(0));
  assertEquals(await peer.hear("accept"), accept(1));
});

Deno.test("a channel is congested while its peer does not read", async () => {
  using all = await talk(300);
  const { channel } = all;
  assert(!channel.congested);
  const stuck = failing(channel.sayBytes(new Uint8Array(32_000_000)));
  assert(channel.congested);
  assertEquals((await stuck).code, "stalled");
});

Deno.test("after a failed write nothing is kept, and flush() says why", async () => {
  using all = await talk(300);
  const { channel } = all;
  await failing(channel.sayBytes(new Uint8Array(32_000_000)));
  channel.say(finish(0));
  assertEquals((await failing(channel.flush())).code, "stalled");
  assert(channel.quiet);
});

Deno.test("finish() ends this side alone: hearing goes on", async () => {
  using all = await talk();
  const { channel, peer } = all;
  channel.sayHello(ID);
  await channel.finish();
  await peer.hearHello();
  assertEquals(await peer.rest(), []);
  await peer.greet();
  assertEquals((await channel.hearHello())?.id, ID);
});

Deno.test("close() gives back the memory for large frames", async () => {
  const bytes = noise(100_000);
  const budget = new Semaphore(2 * (DATA_HEAD_BYTES + MAX_DATA_BYTES));
  const [ours, theirs] = await connectedPair();
  using channel = new Channel(ours, 5_000, { budget });
  using peer = new Scripted(theirs);
  const saying = peer.say(data(0, bytes));
  assertEquals((await channel.hear())?.type, "data");
  await saying;
  channel.close();
  await budget.acquire(1, { patience: 0 });
});

Deno.test("hangUp() says the last word, half-closes, drains and closes", async () => {
  using all = await talk();
  const { channel, peer } = all;
  channel.sayHello(ID);
  // Unread input would turn close() into a reset that costs the last word.
  await peer.sayBytes(noise(200_000));
  const hanging = channel.hangUp(ENDING, fail(SESSION));
  await peer.hearHello();
  assertEquals(await peer.end(), [fail(SESSION)]);
  await hanging;
});

Deno.test("hangUp() does not wait for a peer that never ends", async () => {
  using time = new FakeTime();
  using all = await talk(5_000, memoryPair(FAIR));
  await time.until(all.channel.hangUp(ENDING, fail(SESSION)));
  assertEquals(time.passed, ENDING.silence);
});

Deno.test("hangUp() forgives a peer that is gone", async () => {
  using all = await talk();
  all.channel.close();
  await all.channel.hangUp(ENDING, fail(SESSION));
  assert((await failing(all.channel.flush())).code === "lost");
});

Deno.test("hear() throws stalled for a mute peer, whatever this side says meanwhile", async () => {
  using time = new FakeTime();
  using all = await talk(300, memoryPair(FAIR));
  let beats = 0;
  const beat = setInterval(() => {
    if (++beats < 20) all.channel.say(finish(0)); // not for ever
  }, 50);
  const error = await time.until(failing(all.channel.hear()));
  clearInterval(beat);
  assertEquals([error.code, time.passed], ["stalled", 300]);
});
