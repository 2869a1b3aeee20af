// Those who have no key, or are in between: what they can do is end things.

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { hangUp, readExactly, writeAll } from "../../lib/net/half_close.ts";
import {
  challengeResponseOf,
  type Credentials,
  nonce,
} from "../../lib/security/auth_proof.ts";
import { FAILURE_DELAY_MS } from "../../lib/security/exchange_proofs.ts";
import { derive, generateKey, parseKey } from "../../lib/security/key.ts";
import { keyCertificateOf } from "../../lib/security/key_certificate.ts";
import { senderKeyHandshake } from "../../lib/security/key_handshake.ts";
import type { SenderGuard } from "../../lib/security/mod.ts";
import { secureConnect } from "../../lib/security/secure_connect.ts";
import { tlsServerEnd } from "../../lib/security/tls.ts";
import { Channel } from "../../lib/transfer/channel.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { SESSION } from "../../lib/wire/frames.ts";
import {
  encodeKeyChallenge,
  KEY_CHALLENGE_BYTES,
} from "../../lib/wire/key_challenge.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { FakeTime } from "../support/fake_time.ts";
import { joined, noise } from "../support/helpers.ts";
import { relay } from "../support/relay.ts";
import { failing } from "../support/scripted.ts";
import {
  ENDING,
  healthy,
  KEY,
  KEYED,
  listening,
  SECRET,
} from "../support/secure_keyed.ts";

/** Says bytes, then hears all that is answered. */
async function say(
  target: { hostname: string; port: number },
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const conn = await Deno.connect(target);
  const heard: Uint8Array[] = [];
  await writeAll(conn, bytes);
  try {
    await hangUp(conn, ENDING, (piece) => heard.push(piece.slice()));
  } catch (error) {
    assert(error instanceof TransferError); // a reset is an answer too
  }
  return joined(heard);
}

Deno.test("a whole conversation said again gets nothing in", async () => {
  const all = listening();
  await using _server = all.server;
  await using between = relay(all.target);
  await send(noise(1_000), between.target, { key: KEY, name: "once" });
  assertEquals(all.opened.splice(0), ["once"]);
  await say(all.target, between.recorded("up"));
  assertEquals(all.opened, []);
  // A sender is not taken in by a recorded receiver either.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const sending = send(noise(1), { hostname, port }, { key: KEY, name: "x" });
  const conn = await listener.accept();
  const hearing = hangUp(conn, ENDING).catch(() => {}); // until it gives up
  await writeAll(conn, between.recorded("down")).catch(() => {});
  const { code } = await failing(sending);
  assert(["auth", "lost", "protocol"].includes(code), code);
  await hearing;
  await healthy(all);
});

Deno.test("a receiver's own words sent back prove nothing", async () => {
  const all = listening();
  await using _server = all.server;
  const conn = await Deno.connect(all.target);
  await writeAll(conn, encodeKeyChallenge(nonce()));
  const theirs = new Uint8Array(KEY_CHALLENGE_BYTES);
  await readExactly(conn, theirs);
  await writeAll(conn, theirs.subarray(0, 32));
  await hangUp(conn, ENDING);
  // Two receivers and a relay: each hears the other's nonce as a sender's.
  const other = listening();
  await using _other = other.server;
  const [one, two] = [
    await Deno.connect(all.target),
    await Deno.connect(other.target),
  ];
  await writeAll(one, encodeKeyChallenge(nonce()));
  await readExactly(one, theirs);
  await writeAll(two, theirs);
  await readExactly(two, theirs);
  await writeAll(one, theirs.subarray(8));
  await Promise.all([hangUp(one, ENDING), hangUp(two, ENDING)]);
  await healthy(all);
  await healthy(other);
});

Deno.test("a relay with TLS of its own is found out by both sides", async () => {
  const all = listening();
  await using _server = all.server;
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const target = { hostname, port };
  const evil = parseKey(generateKey());
  const sending = failing(send(noise(9), target, { key: KEY, name: "x" }));
  const near = await listener.accept();
  const far = await Deno.connect(all.target);
  // The key challenge passes as it is.
  const pass = async (from: Duplex, to: Duplex, count: number) => {
    const bytes = new Uint8Array(count);
    await readExactly(from, bytes);
    await writeAll(to, bytes);
  };
  await pass(near, far, KEY_CHALLENGE_BYTES);
  await pass(far, near, KEY_CHALLENGE_BYTES);
  await pass(near, far, 32);
  // To the receiver it shows a certificate of its own.
  const { cert, key } = await keyCertificateOf(evil);
  const shown = failing(tlsServerEnd(far, { cert, key }));
  // To the sender it is any TLS client.
  const { cert: right } = await KEYED.certificate();
  const tls = await Deno.startTls(near, {
    hostname: "peer.halfclose.invalid",
    caCerts: [right],
    alpnProtocols: ["halfclose/2"],
  });
  await tls.handshake();
  using channel = new Channel(tls, 5_000, {
    credentials: {
      role: "receiver",
      secret: derive(evil, "proof"),
      binding: new Uint8Array(32),
    },
  });
  assertEquals((await failing(channel.hearHello())).code, "auth");
  channel.close();
  assert(["auth", "lost"].includes((await sending).code));
  await shown;
  await all.server.shutdown();
  assertEquals(all.errors.map(({ code }) => code), ["auth"]);
  assertEquals(all.opened, []);
});

Deno.test("a key is never given up for a receiver that wants none", async () => {
  // Whoever strips the key challenge can only pretend to be a receiver in the open.
  const open = listening({ key: undefined! });
  await using _server = open.server;
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const target = { hostname, port };
  const sending = failing(send(noise(9), target, { key: KEY, name: "x" }));
  const near = await listener.accept();
  const first = new Uint8Array(KEY_CHALLENGE_BYTES);
  await readExactly(near, first);
  await writeAll(near, PREFACE as Uint8Array);
  const heard: Uint8Array[] = [];
  await hangUp(near, ENDING, (piece) => heard.push(piece.slice()));
  assertEquals((await sending).code, "auth");
  assertEquals(joined(heard).length, 0, "it said nothing after that");
  assertEquals(open.opened, []);
});

/** Begins as a sender with the key, then proves with something else. */
async function proveWith(
  target: { hostname: string; port: number },
  change: Partial<Credentials>,
): Promise<TransferError> {
  const guard: SenderGuard = {
    handshake: async (conn) => {
      const secured = await senderKeyHandshake(conn, KEYED);
      const credentials = { ...secured.credentials!, ...change };
      return { ...secured, credentials };
    },
  };
  const options = { connectTimeout: 5_000 };
  const { conn, credentials } = await secureConnect(target, options, guard);
  using channel = new Channel(conn, 5_000, { credentials });
  channel.sayHello(new Uint8Array(16));
  const error = await failing(channel.hearHello());
  await channel.hangUp(ENDING);
  return error;
}

Deno.test("a proof with another secret or certificate is none", async () => {
  const all = listening();
  await using _server = all.server;
  const changes: Partial<Credentials>[] = [
    { secret: derive(SECRET, "challenge") },
    { secret: new Uint8Array(32) },
    { binding: new Uint8Array(32) },
  ];
  for (
    const error of await Promise.all(
      changes.map((change) => proveWith(all.target, change)),
    )
  ) assertEquals(error.code, "auth");
  await healthy(all);
});

Deno.test("nothing but a proof is taken before the proof (10)", async () => {
  const all = listening();
  await using _server = all.server;
  const options = { connectTimeout: 5_000 };
  const { conn } = await secureConnect(all.target, options, {
    handshake: (conn) => senderKeyHandshake(conn, KEYED),
  });
  // Without credentials the channel says HELLO alone, and OPEN right after it.
  using channel = new Channel(conn, 5_000);
  channel.sayHello(new Uint8Array(16));
  channel.say({ type: "open", entry: 0, kind: "file", name: "x" });
  await channel.hearHello();
  const frames = [await channel.hear(), await channel.hear()];
  const fail = frames.find((frame) => frame?.type === "fail");
  assert(fail?.type === "fail" && fail.entry === SESSION);
  assertEquals(fail.code, "protocol");
  await channel.hangUp(ENDING);
  await healthy(all);
});

/**
 * Resolves when so many timers of a length were set.
 *
 * @param ms Their length in milliseconds.
 * @param count How many.
 */
function timersSet(ms: number, count: number): Promise<void> {
  const { setTimeout } = globalThis; // the fake clock's, which puts it back
  const { promise, resolve } = Promise.withResolvers<void>();
  Object.assign(globalThis, {
    setTimeout: (act: () => void, length?: number) => {
      if (length === ms && --count === 0) resolve();
      return setTimeout(act, length);
    },
  });
  return promise;
}

Deno.test("a wrong answer to the key challenge is answered alike, wherever it is wrong", async () => {
  using time = new FakeTime();
  const all = listening();
  await using _server = all.server;
  const answeredAt: number[] = [];
  const first = Promise.withResolvers<void>();
  const guess = async (wrongAt: number) => {
    const conn = await Deno.connect(all.target);
    const [own, answered] = [nonce(), new Uint8Array(KEY_CHALLENGE_BYTES)];
    await writeAll(conn, encodeKeyChallenge(own));
    await readExactly(conn, answered);
    const proof = challengeResponseOf(
      derive(SECRET, "challenge"),
      own,
      answered.subarray(8),
    );
    proof[wrongAt]! ^= 1;
    await writeAll(conn, proof);
    const heard: Uint8Array[] = [];
    await hangUp(conn, ENDING, (piece) => {
      if (heard.length === 0) answeredAt.push(time.passed);
      first.resolve();
      heard.push(piece.slice());
    });
    return joined(heard).join();
  };
  const places = Array.from({ length: 120 }, (_, index) => index % 2 * 31);
  const checked = timersSet(FAILURE_DELAY_MS, places.length);
  const guessing = Promise.all(places.map(guess));
  // The clock stands still until the receiver has looked at every answer.
  await Promise.race([checked, first.promise]);
  await time.advance(FAILURE_DELAY_MS - 1);
  assertEquals(answeredAt, [], "a wrong answer was answered early");
  await time.advance(1);
  assertEquals(new Set(await guessing).size, 1);
  assertEquals(answeredAt, places.map(() => FAILURE_DELAY_MS));
  await healthy(all);
});

Deno.test("no two key challenges get an answer with the same nonce", async () => {
  const all = listening();
  await using _server = all.server;
  const answers = new Set<string>();
  const challenge = encodeKeyChallenge(nonce()); // the same each time
  for (let count = 0; count < 10; count++) {
    using conn = await Deno.connect(all.target);
    await writeAll(conn, challenge);
    const answer = new Uint8Array(KEY_CHALLENGE_BYTES);
    await readExactly(conn, answer);
    answers.add(answer.join());
  }
  assertEquals(answers.size, 10);
  await healthy(all);
});
