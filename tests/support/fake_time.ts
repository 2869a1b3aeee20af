/**
 * Time that passes when a test says so.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

/** A timer that was set. */
interface Timer {
  due: number;
  act: () => void;
  /** Milliseconds between two turns of an interval. */
  every?: number;
}

/** Most time that something may take, in milliseconds; then it never ends. */
const LONGEST_MS = 300_000;

const REAL = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
};

/** Turns of the event loop after which what needs no kernel has happened. */
const TURNS = 10;

/**
 * Replaces timers, the monotonic clock and the date until it is disposed of,
 * and then asserts that no timer is left: `using time = new FakeTime();`
 *
 * Sockets and files still take real time. A test that goes through many steps
 * of a conversation uses a connection in memory.
 */
export class FakeTime implements Disposable {
  readonly #timers = new Map<number, Timer>();
  readonly #performanceNow = performance.now;
  readonly #dateNow = Date.now;
  // Whole, so that sums and differences of times are exact.
  readonly #start = Math.ceil(performance.now());
  readonly #date = Date.now();
  #passed = 0;
  #lastId = 0;

  constructor() {
    const set = (act: () => void, ms = 0, every?: number): number => {
      const due = this.#passed + Math.max(ms, 1);
      const timer: Timer = { due, act };
      if (every !== undefined) timer.every = Math.max(every, 1);
      this.#timers.set(++this.#lastId, timer);
      return this.#lastId;
    };
    const clear = (id?: number) => void this.#timers.delete(id!);
    Object.assign(globalThis, {
      setTimeout: (act: () => void, ms?: number) => set(act, ms),
      clearTimeout: clear,
      setInterval: (act: () => void, ms?: number) => set(act, ms, ms),
      clearInterval: clear,
    });
    performance.now = () => this.#start + this.#passed;
    Date.now = () => this.#date + this.#passed;
  }

  /** Milliseconds that have passed since this clock was made. */
  get passed(): number {
    return this.#passed;
  }

  /** Moves the clocks alone: no timer has its turn. */
  pass(ms: number): void {
    this.#passed += ms;
  }

  /** Lets time pass; timers that come due have their turns in order. */
  async advance(ms: number): Promise<void> {
    const end = this.#passed + ms;
    await this.#settle();
    for (let next; (next = this.#next()) && next[1].due <= end;) {
      await this.#fire(...next);
    }
    this.#passed = end;
  }

  /** Lets as much time pass as something takes, from timer to timer. */
  async until<T>(what: Promise<T>): Promise<T> {
    let over = false;
    what.finally(() => over = true).catch(() => {}); // the caller sees it
    for (;;) {
      await this.#settle();
      const next = over ? undefined : this.#next();
      if (!next) return await what;
      assert(next[1].due < LONGEST_MS, "it goes on for more than five minutes");
      await this.#fire(...next);
    }
  }

  #next(): [number, Timer] | undefined {
    let first: [number, Timer] | undefined;
    for (const entry of this.#timers) {
      if (!first || entry[1].due < first[1].due) first = entry;
    }
    return first;
  }

  async #fire(id: number, timer: Timer): Promise<void> {
    this.#passed = Math.max(this.#passed, timer.due);
    if (timer.every === undefined) this.#timers.delete(id);
    else timer.due += timer.every;
    timer.act();
    await this.#settle();
  }

  async #settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Only an event loop that rests looks at its sockets.
    await new Promise((resolve) => REAL.setTimeout(resolve, 1));
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, REAL);
    performance.now = this.#performanceNow;
    Date.now = this.#dateNow;
    const left = [...this.#timers.values()].map(({ due }) => due);
    assertEquals(left, [], "timers were left behind, due at these times");
  }
}
