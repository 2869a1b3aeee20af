// A wire that is silent, slow, in single bytes, or damaged, at any byte.

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { type SendOptions, transfer } from "../../lib/transfer/sender/send.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import type { Fate } from "./proxy.ts";
import { each, Inbox, lengthsOf, outcomeOf, smallItems } from "./small.ts";

const LENGTHS = await lengthsOf();
const WAYS = ["up", "down"] as const;

/** Short enough to wait for many times, and three heartbeats of a busy machine. */
const SILENCE_MS = 750;

interface Sweep {
  way: "up" | "down";
  points: Iterable<number>;
  fate: (point: number) => Fate;
  /** The codes that a fault at this point may end with. */
  codes: (point: number) => readonly string[];
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
    const outcome = await inbox.sendPast({ [way]: fate(point) }, name, options);
    if (outcome instanceof TransferError) {
      const { code, message } = outcome;
      assert(codes(point).includes(code), `${point}: ${code}: ${message}`);
      seen.add(code);
      await inbox.assertNothingWrong(name);
    } else {
      seen.add("ok");
      await inbox.assertWhole(name);
    }
    await again(name, inbox);
    await inbox.assertWhole(name);
  });
  await inbox.end();
  return seen;
}

/** Sends it as somebody does who was told to run the same command again. */
async function again(name: string, inbox: Inbox): Promise<void> {
  for (;;) {
    const sending = transfer(smallItems(name), inbox.server.addr, { retry: 3 });
    const outcome = await outcomeOf(sending);
    if (Array.isArray(outcome)) return;
    // A busy machine is silent for as long as a receiver here waits.
    if (outcome.code !== "unconfirmed") throw outcome;
  }
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
      codes: () => ["stalled", "unconfirmed", "lost"],
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
      // Behind the preface damage is damage, whatever frame it makes.
      codes: (point) => [
        point < PREFACE.length ? "protocol" : "integrity",
        ...["lost", "stalled", "unconfirmed"], // a busy machine stalls
      ],
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

Deno.test("a FIN that is lost costs nothing: the END says what is complete (1)", async () => {
  await using inbox = await Inbox.open({ idleTimeout: 1_000 });
  // All bytes pass, and nothing behind them.
  const outcome = await inbox.sendPast(
    { up: { stallAfter: LENGTHS.up } },
    "n0000",
    { idleTimeout: 1_000 },
  );
  assert(Array.isArray(outcome), String(outcome));
  await inbox.assertWhole("n0000");
  await inbox.end();
});

Deno.test("a date that jumps by years moves no deadline (7)", async () => {
  const { now } = Date;
  const bounds = { idleTimeout: 1_000 };
  await using inbox = await Inbox.open(bounds);
  let jumps = 0;
  const jump = setInterval(() => {
    const years = ++jumps % 2 ? 1 : -1;
    Date.now = () => now() + years * 365 * 86_400_000;
  }, 50);
  try {
    const outcome = await inbox.sendPast({ up: { rate: 500 } }, "j", bounds);
    assert(Array.isArray(outcome), String(outcome));
    assert(jumps > 4);
    const silent = await inbox.sendPast(
      { down: { stallAfter: 60 } },
      "k",
      bounds,
    );
    assert(silent instanceof TransferError && silent.code === "stalled");
  } finally {
    clearInterval(jump);
    Date.now = now;
  }
});
