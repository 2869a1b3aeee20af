// A wire that is silent, slow, in single bytes, or damaged, at any byte.

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../lib/errors.ts";
import { type SendOptions, transfer } from "../lib/send.ts";
import type { Fate } from "./faults/proxy.ts";
import { each, Inbox, lengthsOf, smallItems } from "./faults/small.ts";

const LENGTHS = await lengthsOf();
const WAYS = ["up", "down"] as const;

/** A timeout short enough to wait for many times, and its longest end. */
const SILENCE_MS = 250;
/** Last words, endings and a busy machine on top of the timeout. */
const MARGIN_MS = 6_000;

interface Sweep {
  way: "up" | "down";
  points: Iterable<number>;
  fate: (point: number) => Fate;
  codes: readonly string[];
  inbox: Inbox;
  options: SendOptions;
}

/** Does the same to each point, and asserts what holds whatever happens. */
async function sweep(
  { way, points, fate, codes, inbox, options }: Sweep,
): Promise<Set<string>> {
  const seen = new Set<string>();
  await each(points, 32, async (point) => {
    const name = `n${String(point).padStart(4, "0")}`;
    const begun = performance.now();
    const outcome = await inbox.sendPast({ [way]: fate(point) }, name, options);
    const took = performance.now() - begun;
    assert(took < SILENCE_MS + MARGIN_MS, `${point}: took ${took} ms`);
    if (outcome instanceof TransferError) {
      const { code, message } = outcome;
      assert(codes.includes(code), `${point}: ${code}: ${message}`);
      seen.add(code);
      await inbox.assertNothingWrong(name);
    } else {
      seen.add("ok");
      await inbox.assertWhole(name);
    }
    await transfer(smallItems(name), inbox.server.addr, { retry: 3 });
    await inbox.assertWhole(name);
  });
  await inbox.end();
  return seen;
}

function every(step: number, length: number): number[] {
  return Array.from({ length: Math.ceil(length / step) }, (_, n) => n * step);
}

for (const way of WAYS) {
  const whose = way === "up" ? "sender" : "receiver";

  Deno.test(`a ${whose} that falls silent at any byte is noticed by both sides in time (7)`, async () => {
    const bounds = { idleTimeout: SILENCE_MS };
    await using inbox = await Inbox.open(bounds);
    const seen = await sweep({
      way,
      points: every(5, LENGTHS[way]),
      fate: (stallAfter) => ({ stallAfter }),
      // The receiver may be the first to notice, and hangs up.
      codes: ["stalled", "unconfirmed", "lost"],
      inbox,
      options: bounds,
    });
    assert(seen.has("stalled") && seen.has("unconfirmed"), [...seen].join());
  });

  Deno.test(`any byte of the ${whose}'s damaged is noticed, and no file is wrong (3, 6)`, async () => {
    const bounds = { idleTimeout: SILENCE_MS };
    await using inbox = await Inbox.open(bounds);
    const seen = await sweep({
      way,
      points: every(1, LENGTHS[way]),
      fate: (corrupt) => ({ corrupt }),
      // A length that is damaged has one side wait for bytes that do not come.
      codes: ["protocol", "integrity", "lost", "stalled", "unconfirmed"],
      inbox,
      options: bounds,
    });
    assert(seen.has("integrity") && seen.has("protocol"), [...seen].join());
  });

  Deno.test(`the ${whose}'s bytes may come one by one`, async () => {
    await using inbox = await Inbox.open();
    const outcome = await inbox.sendPast({ [way]: { slice: 1 } }, "single");
    assert(Array.isArray(outcome), String(outcome));
    await inbox.assertWhole("single");
    await inbox.end();
  });
}

Deno.test("slow is not silent: a transfer outlives its timeout many times", async () => {
  const bounds = { idleTimeout: 1_000 };
  await using inbox = await Inbox.open(bounds);
  const begun = performance.now();
  const outcome = await inbox.sendPast({ up: { rate: 150 } }, "slow", bounds);
  assert(Array.isArray(outcome), String(outcome));
  assert(performance.now() - begun > 3 * bounds.idleTimeout);
  await inbox.assertWhole("slow");
  await inbox.end();
  assertEquals(inbox.errors, []);
});
