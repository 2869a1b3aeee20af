/**
 * A receiver's session, and a sender that says what the test wants.
 *
 * @module
 */

import type { Receipt } from "../../lib/model/receipt.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { receive } from "../../lib/transfer/receiver/receive.ts";
import type { ReceiveOptions } from "../../lib/transfer/receiver/session_options.ts";
import type { Frame } from "../../lib/wire/frames.ts";
import { noise } from "./helpers.ts";
import { connectedPair } from "./pairs.ts";
import { data, end, open, Scripted } from "./scripted.ts";
import { type WatchedSink, watchedSink } from "./sinks.ts";

/** What most entries hold. */
export const BYTES = noise(1_000);
/** What an empty one holds. */
export const NONE = new Uint8Array(0);

/** A receiver, and a sender that says what the test wants. */
export interface Talk extends Disposable {
  sender: Scripted;
  sink: WatchedSink;
  outcome: Promise<Receipt[]>;
}

/**
 * Begins a session, both sides greeted, on sockets where nothing else is
 * given.
 */
export async function talk(
  options: ReceiveOptions = {},
  sink: WatchedSink = watchedSink(),
  pair?: [Duplex, Duplex],
): Promise<Talk> {
  const [ours, theirs] = pair ?? await connectedPair();
  const sender = new Scripted(ours);
  const outcome = receive(theirs, sink, { idleTimeout: 5_000, ...options });
  outcome.catch(() => {}); // each test looks at it when it is time
  await sender.greet();
  await sender.hearHello();
  return { sender, sink, outcome, [Symbol.dispose]: () => ours.close() };
}

/** Has an entry accepted. */
export async function opened(sender: Scripted, entry: number): Promise<void> {
  await sender.say(open(entry));
  await sender.hear("accept");
}

/** All that an entry needs, in one piece. */
export function whole(entry: number, bytes = BYTES): Frame[] {
  return [open(entry), data(entry, bytes), end(entry, bytes)];
}
