/**
 * Receivers by hand: what they say to a real sender, and when.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { Target } from "../../lib/net/address.ts";
import { FrameReader } from "../../lib/transfer/frame_reader.ts";
import type { Frame } from "../../lib/wire/frames.ts";
import { accept } from "../support/scripted.ts";
import { greeting, said } from "./raw.ts";

/** What a hand-made receiver can do with its sender. */
export interface Hands {
  /** The sender's transfer id. */
  id: Uint8Array;
  say(...words: (Frame | Uint8Array)[]): Promise<void>;
  /** Hears frames up to one of a type; fails if it does not come. */
  hearUntil(type: Frame["type"]): Promise<Frame>;
  conn: Deno.TcpConn;
}

/** What it does with it. */
export type Ploy = (hands: Hands) => Promise<void>;

/** Lets the only entry come. */
export const ACCEPT = accept(0);

/** Listens for one sender and does with it what the ploy says. */
export function listening(
  ploy: Ploy,
): { addr: Target; over: Promise<void> } & Disposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const act = async () => {
    using conn = await listener.accept();
    const reader = new FrameReader((into) => conn.read(into));
    const say = async (...words: (Frame | Uint8Array)[]) => {
      const bytes = said(...words);
      for (let at = 0; at < bytes.length;) {
        at += await conn.write(bytes.subarray(at));
      }
    };
    const hearUntil = async (type: Frame["type"]) => {
      for (;;) {
        const frame = await reader.next();
        assert(frame !== null, `the sender ended before ${type}`);
        if (frame.type === type) return frame;
      }
    };
    if (!await reader.preface()) return;
    const first = await reader.next();
    assert(first?.type === "hello");
    await ploy({ id: first.id, say, hearUntil, conn });
    await conn.closeWrite();
    const scrap = new Uint8Array(65_536);
    while (await conn.read(scrap) !== null);
  };
  const over = act().catch((error) => {
    // The sender had heard enough, or the ploy closed it.
    const gone = error instanceof Deno.errors.ConnectionReset ||
      error instanceof Deno.errors.BadResource ||
      error instanceof Deno.errors.BrokenPipe ||
      error instanceof Deno.errors.NotConnected;
    if (!gone) throw error;
  });
  const { hostname, port } = listener.addr;
  return {
    addr: { hostname, port },
    over,
    [Symbol.dispose]: () => listener.close(),
  };
}

/** Hears all of an entry, and then says something. */
export function atTheEnd(
  words: (id: Uint8Array) => (Frame | Uint8Array)[],
): Ploy {
  return async ({ id, say, hearUntil }) => {
    await say(greeting({ id }), ACCEPT);
    await hearUntil("finish");
    await say(...words(id));
  };
}

/** Says something before anything was heard. */
export function atOnce(
  words: (id: Uint8Array) => (Frame | Uint8Array)[],
): Ploy {
  return async ({ id, say }) => await say(...words(id));
}
