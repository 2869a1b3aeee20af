/**
 * A sender and a receiver over connections that do anything, held against the
 * ten invariants of the design.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TransferError } from "../../lib/base/errors.ts";
import type { Sink } from "../../lib/sink/sink.ts";
import { bytesItem, directoryItem, readerItem } from "../../lib/source/item.ts";
import { receive } from "../../lib/transfer/receiver/receive.ts";
import { OutgoingEntry } from "../../lib/transfer/sender/outgoing_entry.ts";
import { SenderSession } from "../../lib/transfer/sender/session.ts";
import { noise, sha256Of } from "../support/helpers.ts";
import { memoryPair, type Weather } from "./memory_conn.ts";
import {
  type Place,
  placeOf,
  SIZES,
  stories,
  type Story,
  type Thing,
  weather,
} from "./story.ts";

const OTHER = noise(777).reverse();

/** One connection's worth of sending. */
async function connection(
  entries: readonly OutgoingEntry[],
  id: Uint8Array,
  weather: Weather,
  sink: Sink,
): Promise<TransferError | undefined> {
  const [near, far] = memoryPair(weather);
  const receiving = receive(far, sink, { idleTimeout: 5_000 })
    .then(() => undefined, checked);
  const left = entries.filter((one) => !one.settled);
  const sending = new SenderSession({ conn: near }, id, left, {
    idleTimeout: 5_000,
    limitRate: Infinity,
    onProgress() {},
    onReceipt() {},
  }).run().then(() => undefined, checked);
  const [sent] = await Promise.all([sending, receiving]);
  return sent;
}

/** Invariant 8: nothing but a typed error, and never a bug. */
function checked(error: unknown): TransferError {
  if (!(error instanceof TransferError)) throw error;
  assert(error.code !== "internal", `(8) ${error.message}`);
  return error;
}

function outgoing(things: readonly Thing[]): OutgoingEntry[] {
  return things.map(({ kind, size, known }, number) => {
    const name = `n${number}`;
    if (kind === "directory") {
      return new OutgoingEntry(directoryItem({ kind, name }), number);
    }
    const bytes = noise(size);
    if (known) {
      return new OutgoingEntry(bytesItem(bytes, { kind, name, size }), number);
    }
    let at = 0;
    const reader = {
      read(into: Uint8Array) {
        const piece = bytes.subarray(at, at + Math.min(into.length, 50_000));
        into.set(piece);
        at += piece.length;
        return Promise.resolve(piece.length || null);
      },
    };
    return new OutgoingEntry(readerItem(reader, { kind, name }), number);
  });
}

/** Puts what is there before, where it is. */
async function prepare(things: readonly Thing[], place: Place): Promise<void> {
  for (const [number, { kind, size, before }] of things.entries()) {
    if (kind === "directory" || before === "nothing") continue;
    const bytes = before === "the same" ? noise(size) : OTHER;
    const draft = await place.sink.open({ kind, name: `n${number}` });
    if (bytes.length > 0) await draft.write(bytes);
    await draft.commit();
  }
}

/** Invariants 1, 2, 3: what is true after every connection. */
async function check(
  story: Story,
  entries: readonly OutgoingEntry[],
  place: Place,
): Promise<void> {
  const files = await place.files();
  for (const [number, { kind, size, before }] of story.things.entries()) {
    if (kind === "directory") continue;
    const name = `n${number}`, found = files.get(name);
    files.delete(name);
    const whole = noise(size);
    const right = found === undefined
      ? before === "nothing"
      : same(found, whole) || (before === "other bytes" && same(found, OTHER));
    assert(right, `(3) ${name} is neither absent, nor old, nor whole`);
    const { receipt } = entries[number]!;
    if (!receipt) continue;
    assert(found && same(found, whole), `(1) ${name} has a receipt`);
    assertEquals(
      [receipt.bytes, receipt.sha256],
      [size, sha256Of(whole)],
      "(2)",
    );
    assertEquals(receipt.durable, story.place === "directory", "(2)");
  }
  assertEquals([...files.keys()], [], "(5) nothing else is there");
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Lives through a story; throws where an invariant does not hold. */
export async function live(story: Story): Promise<void> {
  await using place = await placeOf(story.place);
  await prepare(story.things, place);
  const entries = outgoing(story.things);
  const id = crypto.getRandomValues(new Uint8Array(16));
  const calm: Weather = { segment: 65_536, capacity: 4_000_000, delay: 0 };
  for (const weather of [...story.weathers, calm]) {
    if (entries.every(({ settled }) => settled)) break;
    const error = await connection(entries, id, weather, place.sink);
    await check(story, entries, place);
    const unsettled = entries.filter(({ settled }) => !settled);
    assertEquals(error === undefined, unsettled.length === 0, "(8)");
    if (error) {
      assert(weather.cut, `(8) nothing was cut: ${error.message}`);
      assert(["lost", "stalled"].includes(error.code), `(8) ${error.message}`);
    }
    if (story.restarts) place.restart();
  }
  for (const [number, { kind, size, before }] of story.things.entries()) {
    const { receipt, failure } = entries[number]!;
    const clash = kind === "file" && before === "other bytes" &&
      !same(OTHER, noise(size));
    if (clash) {
      assertEquals(failure?.code, "rejected", "(4) kept what was there");
    } else assert(receipt, `(6) ${failure?.message ?? "is not settled"}`);
  }
  assertEquals(await place.temps(), [], "(9) no temp is left");
  await repeat(story, place);
}

/** Invariant 6: the same again changes nothing and is told so. */
async function repeat(story: Story, place: Place): Promise<void> {
  const before = await place.files();
  const again = outgoing(story.things);
  const id = crypto.getRandomValues(new Uint8Array(16));
  const calm: Weather = { segment: 65_536, capacity: 4_000_000, delay: 0 };
  await connection(again, id, calm, place.sink);
  for (const { receipt, failure } of again) {
    assert(receipt?.existing ?? failure?.code === "rejected", "(6)");
  }
  assertEquals(await place.files(), before, "(6) repeating changed something");
  assertEquals(await place.temps(), [], "(9)");
}

/** Two senders with other bytes under the same names: one wins each (4). */
export async function race(
  [left, right]: [Weather, Weather],
  sizes: readonly number[],
): Promise<void> {
  const dir = await placeOf("directory");
  await using place = dir;
  const one = (turn: (bytes: Uint8Array) => Uint8Array) =>
    sizes.map((size, number) => {
      const bytes = turn(noise(size + 1));
      const name = `n${number}`, kind = "file" as const;
      const entry = { kind, name, size: bytes.length };
      return new OutgoingEntry(bytesItem(bytes, entry), number);
    });
  const sides = [one((bytes) => bytes), one((bytes) => bytes.map((b) => ~b))];
  await Promise.all(
    sides.map((entries, side) =>
      connection(
        entries,
        new Uint8Array(16).fill(side + 1),
        { ...(side === 0 ? left : right), cut: undefined },
        place.sink,
      )
    ),
  );
  const files = await place.files();
  for (const number of sizes.keys()) {
    const receipts = sides.map((side) => side[number]!.receipt);
    const winners = receipts.filter((receipt) => receipt !== undefined);
    assertEquals(winners.length, 1, "(4) exactly one winner");
    const found = sha256Of(files.get(`n${number}`)!);
    assertEquals(found, winners[0]!.sha256, "(4) the winner's bytes");
  }
  assertEquals(await place.temps(), [], "(9)");
}

/** Runs both properties so many times. */
export async function checkModel(seed: number, runs: number): Promise<void> {
  await fc.assert(fc.asyncProperty(stories, live), { seed, numRuns: runs });
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(weather, weather),
      fc.array(fc.constantFrom(...SIZES), { minLength: 1, maxLength: 3 }),
      race,
    ),
    { seed, numRuns: Math.ceil(runs / 4) },
  );
}
