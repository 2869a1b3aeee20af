// Whoever is in between flips bits and cuts: that ends things, and no more.

import { assert, assertEquals } from "@std/assert";
import { send } from "../../lib/transfer/sender/send.ts";
import { noise } from "../support/helpers.ts";
import { relay, type Way } from "../support/relay.ts";
import { failing } from "../support/scripted.ts";
import { healthy, KEY, listening } from "../support/secure_keyed.ts";

/** Flips a bit as it goes by. */
function flip(way: Way, at: number, bit: number) {
  return {
    /** Whether it went by. */
    done: false,
    pass(passing: Way, piece: Uint8Array, from: number): Uint8Array {
      const here = at - from;
      if (passing === way && here >= 0 && here < piece.length) {
        piece[here]! ^= 1 << bit;
        this.done = true;
      }
      return piece;
    },
  };
}

/** What goes by in the open, of which every byte is flipped once. */
const IN_THE_OPEN: [string, Way, number, number][] = [
  ["the sender's preface", "up", 0, 8],
  ["the sender's nonce", "up", 8, 40],
  ["the sender's proof", "up", 40, 72],
  ["the receiver's preface", "down", 0, 8],
  ["the receiver's nonce", "down", 8, 40],
];

for (const [field, way, begin, end] of IN_THE_OPEN) {
  Deno.test(`${field}: one flipped bit anywhere and nobody gets in`, async () => {
    const all = listening();
    await using _server = all.server;
    await Promise.all(Array.from({ length: end - begin }, async (_, index) => {
      const at = begin + index;
      await using between = relay(all.target, flip(way, at, at & 7));
      const { code } = await failing(
        send(noise(5), between.target, { key: KEY, name: "x" }),
      );
      assert(["auth", "protocol", "lost"].includes(code), `${at}: ${code}`);
    }));
    await healthy(all);
  });
}

/** Before this byte from the sender its proof is not complete. */
const PROVEN = 600;

Deno.test("inside TLS too every flipped bit ends it and nobody gets in", async () => {
  const all = listening();
  await using _server = all.server;
  const flips: [Way, number][] = [];
  // Record headers and bodies of every flight; the first are at fixed places.
  for (let at = 0; at < 240; at += 5) flips.push(["down", 40 + at]);
  for (let at = 0; at < 900; at += 13) flips.push(["up", 72 + at]);
  const codes = new Set<string>();
  const wave = 20;
  for (let begin = 0; begin < flips.length; begin += wave) {
    await Promise.all(
      flips.slice(begin, begin + wave).map(async ([way, at]) => {
        const one = flip(way, at, 4);
        await using between = relay(all.target, one);
        const sending = send(noise(5), between.target, {
          key: KEY,
          name: `${way} ${at}`,
          idleTimeout: 5_000,
        });
        // What was flipped in the last words came too late to matter.
        const code = await sending.then(() => "ok", (error) => error.code);
        codes.add(code);
        if (code === "ok") assert(!one.done || at > PROVEN, `${way} ${at}`);
      }),
    );
  }
  for (const code of codes) {
    const known = ["auth", "lost", "protocol", "unconfirmed", "stalled", "ok"];
    assert(known.includes(code), code);
  }
  // Behind the proof it was a sender with the key, whatever came of it.
  const early = all.opened.filter((name) => {
    const [way, at] = name.split(" ");
    return way === "down" || Number(at) <= PROVEN;
  });
  assertEquals(early, []);
  all.opened.length = 0;
  await healthy(all);
});

Deno.test("every cut in the handshake ends in time, and nothing is left of it", async () => {
  const all = listening();
  await using _server = all.server;
  // A whole one, to know how long it is each way.
  await using whole = relay(all.target);
  await send(noise(100), whole.target, { key: KEY, name: "whole" });
  const long = {
    up: whole.recorded("up").length,
    down: whole.recorded("down").length,
  };
  all.opened.length = 0;
  const cuts: { way: Way; at: number }[] = [];
  for (const way of ["up", "down"] as const) {
    const every = (at: number) => at < 80 ? 1 : 9;
    for (let at = 0; at <= long[way]; at += every(at)) cuts.push({ way, at });
  }
  const wave = 24;
  for (let begin = 0; begin < cuts.length; begin += wave) {
    await Promise.all(
      cuts.slice(begin, begin + wave).map(async (cut, index) => {
        await using between = relay(all.target, { cut });
        const name = `cut${begin + index}`;
        const bytes = noise(100);
        const outcome = await send(bytes, between.target, { key: KEY, name })
          .then(() => "ok", (error) => error.code);
        const there = all.sink.files.get(name);
        const where = `${cut.way} ${cut.at}: ${outcome}`;
        const known = ["ok", "lost", "unconfirmed", "auth", "protocol"];
        assert(known.includes(outcome), where);
        if (outcome === "ok") assertEquals(there, bytes, where);
        if (outcome !== "ok" && outcome !== "unconfirmed") {
          assertEquals(there, undefined, where);
        }
      }),
    );
  }
  all.opened.length = 0;
  await healthy(all);
});
