/**
 * A sender's delivery, and a receiver that says what the test wants.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Progress } from "../../lib/model/progress.ts";
import type { Receipt } from "../../lib/model/receipt.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { bytesItem, type Item, readerItem } from "../../lib/source/item.ts";
import { OutgoingEntry } from "../../lib/transfer/sender/outgoing_entry.ts";
import { SenderSession } from "../../lib/transfer/sender/session.ts";
import type { SenderSessionOptions } from "../../lib/transfer/sender/session_options.ts";
import { noise } from "./helpers.ts";
import { connectedPair } from "./pairs.ts";
import { accept, ID, Scripted } from "./scripted.ts";

/** What most entries hold. */
export const BYTES = noise(1_000);

/** A file of the delivery. */
export function item(number: number, bytes: Uint8Array = BYTES): Item {
  const { length: size } = bytes;
  return bytesItem(bytes, { kind: "file", name: `file-${number}`, size });
}

/** An item whose source ends as it is told to. */
export function endless(
  number: number,
): { item: Item; end(error?: unknown): void } {
  const gate = Promise.withResolvers<null>();
  gate.promise.catch(() => {}); // a test may end before anybody reads
  const reader = { read: () => gate.promise };
  return {
    item: readerItem(reader, { kind: "file", name: `file-${number}` }),
    end: (error) => error ? gate.reject(error) : gate.resolve(null),
  };
}

/** A sender, and a receiver that says what the test wants. */
export interface Talk extends Disposable {
  receiver: Scripted;
  entries: OutgoingEntry[];
  receipts: Receipt[];
  progress: Progress[];
  outcome: Promise<void>;
}

/**
 * Begins a delivery of which nothing was heard yet, on sockets where nothing
 * else is given.
 */
export async function begin(
  items: Item[],
  options: Partial<SenderSessionOptions> = {},
  pair?: [Duplex, Duplex],
): Promise<Talk> {
  const [ours, theirs] = pair ?? await connectedPair();
  const entries = items.map((one, number) => new OutgoingEntry(one, number));
  const receipts: Receipt[] = [], progress: Progress[] = [];
  const outcome = new SenderSession({ conn: ours }, ID, entries, {
    idleTimeout: 5_000,
    limitRate: Infinity,
    onReceipt: (one) => receipts.push(one),
    onProgress: (one) => progress.push(one),
    ...options,
  }).run();
  outcome.catch(() => {}); // each test looks at it when it is time
  return {
    receiver: new Scripted(theirs),
    entries,
    receipts,
    progress,
    outcome,
    [Symbol.dispose]: () => theirs.close(),
  };
}

/** Begins a delivery, both sides greeted. */
export async function talk(
  items: Item[],
  options: Partial<SenderSessionOptions> = {},
  pair?: [Duplex, Duplex],
): Promise<Talk> {
  const all = await begin(items, options, pair);
  await all.receiver.hearHello();
  await all.receiver.greet();
  return all;
}

/** Takes an entry up to and including its END. */
export async function take(receiver: Scripted, entry: number): Promise<void> {
  assertEquals((await receiver.hear("open")).entry, entry);
  await receiver.say(accept(entry));
  assertEquals((await receiver.hear("data")).entry, entry);
  assertEquals((await receiver.hear("end")).entry, entry);
}
