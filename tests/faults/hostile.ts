/**
 * What the tests of hostile senders share: frames that are right, ways to make
 * them wrong, and a look at the destination before and after.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Target } from "../../lib/net/address.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import type { Frame } from "../../lib/wire/frames.ts";
import { hex, noise, sealed, tree } from "../support/helpers.ts";
import { data, end, finish, open } from "../support/scripted.ts";
import type { Inbox } from "./small.ts";

/** What it holds. */
export const BYTES = noise(1_000);

/** One entry, from its announcement to the end. */
export const OPEN = open(0, { name: "a", size: BYTES.length });
export const DATA = data(0, BYTES);
export const END = end(0, BYTES);
export const FINISH = finish(1);

/** A head that announces more than will ever come. */
export function head(type: number, length: number, entry = 0): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint32(4, entry);
  view.setUint32(8, length);
  return sealed(bytes);
}

/** Gives a frame other bytes at a place, with a CRC-32 that is right. */
export function resealed(
  frame: Frame,
  at: number,
  bytes: Uint8Array,
): Uint8Array {
  const all = encodeFrame(frame);
  all.set(bytes, at);
  return sealed(all);
}

/** Numbers that are too large. */
export const HUGE = hex("ff ff ff ff ff ff ff ff");
export const BEYOND_DOUBLES = hex("00 20 00 00 00 00 00 01");

/**
 * Attacks a receiver, and sees that nothing came of it: all that was there is
 * as it was, nothing else is, and the next sender is served.
 */
export async function unharmed(
  inbox: Inbox,
  attack: (to: Target) => Promise<void>,
): Promise<void> {
  await Deno.writeTextFile(`${inbox.path}/bystander`, "was here before");
  const before = await tree(inbox.path);
  await attack(inbox.server.addr);
  const healthy = await send(BYTES, inbox.server.addr, { name: "healthy" });
  assertEquals(healthy.bytes, BYTES.length);
  await inbox.end();
  assertEquals(await tree(inbox.path), [...before, "healthy"]);
  const kept = await Deno.readTextFile(`${inbox.path}/bystander`);
  assertEquals(kept, "was here before");
  const bugs = inbox.errors.filter(({ code }) => code === "internal");
  assertEquals(bugs.map(({ message }) => message), []);
}
