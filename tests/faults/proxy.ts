/**
 * A TCP proxy that does what networks do: it cuts, resets, stalls, slows,
 * slices, corrupts, and says again what it has heard.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Target } from "../../lib/net/address.ts";

/** What happens to the bytes of one direction. */
export interface Fate {
  /** After so many bytes both sides see the end that `how` says. */
  cutAfter?: number;
  /** A FIN to both, as of a program that closed, or a RST. @default {"fin"} */
  how?: "fin" | "rst";
  /** After so many bytes nothing more passes, and nobody is told. */
  stallAfter?: number;
  /** Most bytes in one write, each on its way before the next is written. */
  slice?: number;
  /** Most bytes a second. */
  rate?: number;
  /** The byte whose bits are all turned round. */
  corrupt?: number;
}

/** What happens to a connection. */
export interface Plan {
  /** From who connected to who listens. */
  up?: Fate;
  /** The other way. */
  down?: Fate;
  /** Hears each piece before it is passed on; may cut or freeze the link. */
  onBytes?: (way: "up" | "down", bytes: Uint8Array, link: Link) => void;
}

/** One connection through the proxy. */
export class Link {
  /** Every byte that came from who connected. */
  readonly up: Uint8Array[] = [];
  /** Every byte that came from who listens. */
  readonly down: Uint8Array[] = [];
  /** Resolves when both sockets are gone and nothing is passed on any more. */
  readonly closed: Promise<unknown>;
  readonly #near: Socket;
  readonly #far: Socket;
  #dead = false;
  #frozen = false;

  constructor(near: Socket, far: Socket, plan: Plan) {
    this.#near = near;
    this.#far = far;
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on("error", () => {}); // "close" follows, and that is what counts
    }
    this.closed = Promise.all([
      gone(near),
      gone(far),
      this.#pump("up", near, far, plan),
      this.#pump("down", far, near, plan),
    ]);
  }

  /** Swallows everything from now on, both ways, and tells nobody. */
  freeze(): void {
    this.#frozen = true;
  }

  /** Ends both sides at once. */
  cut(how: "fin" | "rst"): void {
    this.#dead = true;
    for (const socket of [this.#near, this.#far]) {
      if (how === "rst") socket.resetAndDestroy();
      else socket.end().resume(); // unread bytes would make a RST of it
    }
  }

  async #pump(
    way: "up" | "down",
    from: Socket,
    to: Socket,
    plan: Plan,
  ): Promise<void> {
    const fate = plan[way] ?? {};
    let passed = 0;
    if (fate.cutAfter === 0) return this.cut(fate.how ?? "fin");
    for (let piece; (piece = await next(from)) !== null;) {
      if (this.#dead) continue;
      this[way].push(piece);
      plan.onBytes?.(way, piece, this);
      if (this.#frozen) continue;
      const end = fate.cutAfter ?? fate.stallAfter ?? Infinity;
      const bytes = corrupted(piece, passed, fate.corrupt)
        .subarray(0, Math.max(0, end - passed));
      if (!await write(to, bytes, fate)) return void from.destroy();
      passed += bytes.length;
      if (passed === fate.cutAfter) this.cut(fate.how ?? "fin");
    }
    const stalled = passed === fate.stallAfter;
    if (this.#dead || this.#frozen || stalled) return;
    if (from.errored) this.cut("rst");
    else to.end();
  }
}

/** Listens, and passes on to where it was told, as far as its plan allows. */
export class FaultProxy implements AsyncDisposable {
  /** Every connection so far. */
  readonly links: Link[] = [];
  readonly #server;
  readonly #to: Target;
  readonly #plan: (connection: number) => Plan;
  #port = 0;

  private constructor(to: Target, plan: (connection: number) => Plan) {
    this.#to = to;
    this.#plan = plan;
    this.#server = createServer(
      { allowHalfOpen: true, pauseOnConnect: true },
      (near) => this.#link(near),
    );
  }

  /**
   * Starts a proxy on a free port.
   *
   * @param to Where it passes connections on to.
   * @param plan What happens to each of them; they are counted from 0.
   */
  static async to(
    to: Target,
    plan: Plan | ((connection: number) => Plan) = {},
  ): Promise<FaultProxy> {
    const proxy = new FaultProxy(
      to,
      typeof plan === "function" ? plan : () => plan,
    );
    proxy.#server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 });
    await once(proxy.#server, "listening");
    proxy.#port = (proxy.#server.address() as AddressInfo).port;
    return proxy;
  }

  /** Where it listens. */
  get addr(): { hostname: string; port: number } {
    return { hostname: "127.0.0.1", port: this.#port };
  }

  #link(near: Socket): void {
    const far = connect({
      ...socketOf(this.#to),
      allowHalfOpen: true,
    });
    this.links.push(new Link(near, far, this.#plan(this.links.length)));
  }

  /** Ends every connection and stops listening. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.links) link.cut("rst");
    await Promise.all(this.links.map(({ closed }) => closed));
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function socketOf(target: Target) {
  return target.transport === "unix"
    ? { path: target.path }
    : { host: target.hostname, port: target.port };
}

function gone(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once("close", resolve));
}

/** The next piece, or `null` where no more will come. */
async function next(from: Socket): Promise<Uint8Array | null> {
  for (;;) {
    const piece: Uint8Array | null = from.read();
    if (piece) return Uint8Array.from(piece);
    if (from.readableEnded || from.destroyed) return null;
    await new Promise<void>((resolve) => {
      const events = ["readable", "end", "close", "error"] as const;
      const wake = () => {
        for (const event of events) from.off(event, wake);
        resolve();
      };
      for (const event of events) from.on(event, wake);
    });
  }
}

/** Writes as the fate says; `false` where the other side is gone. */
async function write(to: Socket, bytes: Uint8Array, fate: Fate) {
  const most = Math.min(
    fate.slice ?? Infinity,
    fate.rate === undefined ? Infinity : Math.ceil(fate.rate / 100),
  );
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.subarray(at, at + most);
    at += piece.length;
    const failed = await new Promise<unknown>((resolve) => {
      if (to.destroyed) return resolve(true);
      const end = () => resolve(true);
      to.once("close", end);
      to.write(piece, (error) => {
        to.off("close", end);
        resolve(error);
      });
    });
    if (failed) return false;
    if (fate.rate !== undefined) await delay(piece.length / fate.rate * 1000);
  }
  return true;
}

function corrupted(
  piece: Uint8Array,
  passed: number,
  which: number | undefined,
): Uint8Array {
  if (which === undefined) return piece;
  if (which < passed || which >= passed + piece.length) return piece;
  const changed = piece.slice();
  changed[which - passed]! ^= 0xff;
  return changed;
}
