/**
 * Somebody in the middle: passes bytes on, keeps them, changes them, cuts them.
 *
 * @module
 */

import type { Target } from "../../lib/net/address.ts";
import { joined } from "./helpers.ts";

/** Which way: `up` is from whoever connected. */
export type Way = "up" | "down";

/** What is done to the bytes on their way. */
export interface Meddling {
  /** Passes so many bytes this way and cuts both connections then. */
  cut?: { way: Way; at: number };
  /** Sees each piece and its position, and gives what is passed on. */
  pass?(way: Way, piece: Uint8Array, from: number): Uint8Array;
}

/** A relay that runs. */
export interface Relay extends AsyncDisposable {
  readonly target: Target & { hostname: string; port: number };
  /** What went by so far, of all connections. */
  recorded(way: Way): Uint8Array;
}

/** Starts a relay in front of a listener. */
export function relay(target: Target, meddling: Meddling = {}): Relay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const pieces: Record<Way, Uint8Array[]> = { up: [], down: [] };
  const running = new Set<Promise<void>>();
  const conns = new Set<Deno.Conn>();

  const { cut } = meddling;
  const close = (conn: Deno.Conn) => {
    if (conns.delete(conn)) conn.close();
  };

  async function pump(way: Way, from: Deno.Conn, to: Deno.Conn) {
    const buffer = new Uint8Array(65_536);
    let at = 0;
    try {
      for (let count; (count = await from.read(buffer)) !== null;) {
        const piece = buffer.slice(0, count);
        pieces[way].push(piece);
        const passed = meddling.pass?.(way, piece.slice(), at) ?? piece;
        const left = cut?.way === way ? cut.at - at : Infinity;
        at += count;
        for (let rest = passed.subarray(0, left); rest.length > 0;) {
          rest = rest.subarray(await to.write(rest));
        }
        if (count >= left) throw new Deno.errors.Interrupted("cut");
      }
      await to.closeWrite();
    } catch {
      // One side broke, or the relay did it: the other side shall notice.
      close(from);
      close(to);
    }
  }

  async function handle(near: Deno.Conn) {
    conns.add(near);
    const far = target.transport === "unix"
      ? await Deno.connect({ transport: "unix", path: target.path })
      : await Deno.connect({ hostname: target.hostname, port: target.port });
    conns.add(far);
    await Promise.all([pump("up", near, far), pump("down", far, near)]);
    close(near);
    close(far);
  }

  const accepting = (async () => {
    for await (const near of listener) {
      const one: Promise<void> = handle(near).catch(() => close(near))
        .finally(() => running.delete(one));
      running.add(one);
    }
  })();

  return {
    target: { hostname: "127.0.0.1", port: listener.addr.port },
    recorded: (way) => joined(pieces[way]),
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of [...conns]) close(conn);
      await accepting;
      await Promise.all(running);
    },
  };
}
