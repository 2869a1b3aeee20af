import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import type { Duplex } from "../../lib/net/duplex.ts";
import {
  AnswerNotKept,
  RawSender,
  type RawSenderOptions,
  Unconfirmed,
} from "../../lib/raw/raw_sender.ts";
import { bytesItem } from "../../lib/source/item.ts";
import { FakeTime } from "../support/fake_time.ts";
import { noise } from "../support/helpers.ts";

const BYTES = noise(1_000);

/** A peer that says what the test wants, with nothing in between. */
class Peer implements Duplex {
  readonly heard: Uint8Array[] = [];
  #say = Promise.withResolvers<Uint8Array | null>();
  #listening = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();

  /** Resolves when the sender has said its end. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Says a piece, or its end, once the sender listens. */
  async say(piece: Uint8Array | null): Promise<void> {
    await this.#listening.promise;
    this.#listening = Promise.withResolvers();
    this.#say.resolve(piece);
  }

  /** Breaks the connection. */
  reset(): void {
    this.#say.reject(new Deno.errors.ConnectionReset("reset"));
  }

  async read(into: Uint8Array): Promise<number | null> {
    this.#say = Promise.withResolvers();
    this.#listening.resolve();
    const piece = await this.#say.promise;
    if (piece === null) return null;
    into.set(piece);
    return piece.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    this.heard.push(bytes.slice());
    return Promise.resolve(bytes.length);
  }

  closeWrite(): Promise<void> {
    this.#ended.resolve();
    return Promise.resolve();
  }

  close(): void {
    this.#say.promise.catch(() => {}); // nobody may be reading
    this.#say.reject(new Deno.errors.BadResource("closed"));
  }
}

/** Sends the bytes to a peer. */
function sending(peer: Peer, options: Partial<RawSenderOptions> = {}) {
  const { length: size } = BYTES;
  const item = bytesItem(BYTES, { kind: "file", name: "a", size });
  const sender = new RawSender(peer, item, { onProgress() {}, ...options });
  const outcome = sender.run();
  outcome.catch(() => {}); // looked at when it is time
  return outcome;
}

Deno.test("RawSender sends everything, ends, and waits for the peer's end", async () => {
  const peer = new Peer();
  const replies: number[] = [];
  const outcome = sending(peer, {
    onReply: (piece) => void replies.push(...piece),
  });
  await peer.say(Uint8Array.of(1, 2));
  await peer.ended;
  await peer.say(Uint8Array.of(3));
  await peer.say(null);
  assertEquals(await outcome, { bytes: 1_000, clean: true });
  assertEquals([peer.heard, replies], [[BYTES], [1, 2, 3]]);
});

Deno.test("RawSender calls what breaks after everything was sent unconfirmed", async () => {
  const peer = new Peer();
  const outcome = sending(peer);
  await peer.ended;
  peer.reset();
  const error = await outcome.catch((error) => error);
  assertInstanceOf(error, Unconfirmed);
});

Deno.test("RawSender reads on when the answer cannot be kept", async () => {
  const peer = new Peer();
  const cause = new RangeError("full");
  const outcome = sending(peer, { onReply: () => Promise.reject(cause) });
  await peer.ended;
  await peer.say(Uint8Array.of(1));
  await peer.say(Uint8Array.of(2));
  await peer.say(null);
  const error = await outcome.catch((error) => error);
  assertInstanceOf(error, AnswerNotKept);
  assertStrictEquals(error.cause, cause);
});

Deno.test("a peer that drips its answer is not silent, however long it takes", async () => {
  using time = new FakeTime();
  const peer = new Peer();
  const outcome = sending(peer, { idleTimeout: 10_000 });
  await peer.ended;
  for (let quarter = 0; quarter < 12; quarter++) { // three times the limit
    await time.advance(2_500);
    await peer.say(Uint8Array.of(quarter));
  }
  await peer.say(null);
  assertEquals((await outcome).clean, true);
});

Deno.test("a peer that drips for ever is given up after the drain's limit", async () => {
  using time = new FakeTime();
  const peer = new Peer();
  const outcome = sending(peer, { idleTimeout: 10_000, drainTimeout: 30_000 });
  await peer.ended;
  for (let quarter = 0; quarter < 11; quarter++) {
    await time.advance(2_500);
    await peer.say(Uint8Array.of(quarter));
  }
  await time.advance(2_500);
  assertInstanceOf(await outcome.catch((error) => error), Unconfirmed);
});
