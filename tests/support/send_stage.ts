/**
 * Receivers that do with a sender what it must be ready for.
 *
 * @module
 */

import type { Receipt } from "../../lib/model/receipt.ts";
import { send, type SendOptions } from "../../lib/transfer/sender/send.ts";
import { SESSION } from "../../lib/wire/frames.ts";
import { noise } from "./helpers.ts";
import { fail, receipt, type Script, takeOne } from "./scripted.ts";

/** What is sent. */
export const BYTES = noise(1_000);

/** A receiver that takes one entry and confirms it. */
export const delivers: Script = async (peer, { id }) => {
  const { name, bytes } = await takeOne(peer);
  await peer.hear("finish");
  await peer.say(receipt(0, bytes, { id, name }));
  await peer.end();
};

/** A receiver that takes one entry and is gone before it says a word. */
export const vanishes: Script = (peer) => takeOne(peer);

/** A receiver that is gone before it has taken anything. */
export const breaks: Script = async (peer) => void await peer.hear("open");

/** A receiver that declines the whole session. */
export function declines(more: Parameters<typeof fail>[1]): Script {
  return async (peer) => {
    await peer.say(fail(SESSION, more));
    await peer.end();
  };
}

/** Sends something small to a scripted receiver. */
export function attempt(
  target: { hostname: string; port: number },
  options: SendOptions = {},
): Promise<Receipt> {
  return send(BYTES, target, { name: "a", idleTimeout: 5_000, ...options });
}
