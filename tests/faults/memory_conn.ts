/**
 * A connection without a kernel, which takes bytes apart, makes both sides
 * wait, and breaks where it is told.
 *
 * @module
 */

import type { Duplex } from "../../lib/net/duplex.ts";

/** How a connection behaves. */
export interface Weather {
  /** Most bytes that one read gives. */
  segment: number;
  /** Most bytes on the way, each way; whoever writes more waits. */
  capacity: number;
  /** Turns of the event loop that each read takes. */
  delay: number;
  /** Where it breaks, if it does. */
  cut?: { way: "up" | "down"; after: number; how: "fin" | "rst" } | undefined;
}

/** A connection that neither waits nor breaks, and holds what a socket does. */
export const FAIR: Weather = {
  segment: 65_536,
  capacity: 4_000_000,
  delay: 0,
};

/** One direction. */
class Pipe {
  #queue: Uint8Array[] = [];
  #held = 0;
  #passed = 0;
  #ended = false;
  #broken: Error | undefined;
  #news = Promise.withResolvers<void>();
  readonly #weather: Weather;
  /** Where the connection breaks, and what to do then. */
  readonly #limit: number;
  readonly #onLimit: () => void;

  constructor(weather: Weather, limit: number, onLimit: () => void) {
    this.#weather = weather;
    this.#limit = limit;
    this.#onLimit = onLimit;
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.#held >= this.#weather.capacity && !this.#ended) {
      this.#check();
      await this.#news.promise;
    }
    this.#check();
    if (this.#ended) throw new Deno.errors.BrokenPipe("Broken pipe");
    const room = this.#weather.capacity - this.#held;
    const left = this.#limit - this.#passed;
    const piece = bytes.slice(0, Math.min(room, left, bytes.length));
    this.#queue.push(piece);
    this.#held += piece.length;
    this.#passed += piece.length;
    this.#tell();
    if (this.#passed === this.#limit) this.#onLimit();
    return piece.length;
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (let turn = 0; turn < this.#weather.delay; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (this.#held === 0 && !this.#ended) {
      this.#check();
      await this.#news.promise;
    }
    this.#check();
    const first = this.#queue[0];
    if (!first) return null;
    const piece = first.subarray(
      0,
      Math.min(into.length, this.#weather.segment),
    );
    into.set(piece);
    this.#held -= piece.length;
    if (piece.length === first.length) this.#queue.shift();
    else this.#queue[0] = first.subarray(piece.length);
    this.#tell();
    return piece.length;
  }

  /** What is on the way still arrives. */
  end(): void {
    this.#ended = true;
    this.#tell();
  }

  /** What is on the way is lost. */
  break(error: Error): void {
    this.#broken ??= error;
    this.#queue = [];
    this.#held = 0;
    this.#tell();
  }

  /** Whether somebody would still have had to read something. */
  get unread(): boolean {
    return this.#held > 0;
  }

  #check(): void {
    if (this.#broken) throw this.#broken;
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}

class End implements Duplex {
  readonly #out: Pipe;
  readonly #in: Pipe;
  #closed = false;

  constructor(out: Pipe, into: Pipe) {
    this.#out = out;
    this.#in = into;
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#closed) return Promise.reject(new Deno.errors.BadResource());
    return this.#in.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#closed) return Promise.reject(new Deno.errors.BadResource());
    return this.#out.write(bytes);
  }

  closeWrite(): Promise<void> {
    if (this.#closed) return Promise.reject(new Deno.errors.BadResource());
    this.#out.end();
    return Promise.resolve();
  }

  /** As the kernel does it: unread bytes make a reset of it. */
  close(): void {
    if (this.#closed) throw new Deno.errors.BadResource("Bad resource ID");
    this.#closed = true;
    if (this.#in.unread) {
      this.#out.break(new Deno.errors.ConnectionReset("Connection reset"));
    }
    this.#out.end();
    this.#in.break(new Deno.errors.Interrupted("operation canceled"));
  }
}

/**
 * Makes a connection.
 *
 * @param weather How it behaves.
 * @returns Who connected, and who accepted.
 */
export function memoryPair(weather: Weather): [Duplex, Duplex] {
  const { cut } = weather;
  const broken = () => {
    for (const pipe of [up, down]) {
      if (cut!.how === "fin") pipe.end();
      else pipe.break(new Deno.errors.ConnectionReset("Connection reset"));
    }
  };
  const limit = (way: "up" | "down") => cut?.way === way ? cut.after : Infinity;
  const up = new Pipe(weather, limit("up"), broken);
  const down = new Pipe(weather, limit("down"), broken);
  for (const way of ["up", "down"] as const) {
    if (limit(way) === 0) broken();
  }
  return [new End(up, down), new End(down, up)];
}
