/**
 * Holding a sender to a rate.
 *
 * @module
 */

import { delay } from "@std/async/delay";

/**
 * Longest nap of {@linkcode RateLimiter} in milliseconds, so that it can be
 * left.
 */
const NAP_MS = 100;

/** Holds a sender to a rate. */
export class RateLimiter {
  readonly #rate: number;
  #free = performance.now();

  /**
   * Makes a pace.
   *
   * @param rate Bytes a second; `Infinity` for no limit.
   */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** How many bytes are a good piece at this rate: a tenth of a second's. */
  get burst(): number {
    return Math.max(1, Math.ceil(this.#rate / 10));
  }

  /**
   * Waits until bytes may be sent.
   *
   * @param bytes How many.
   * @param stopped Asked between naps whether waiting is pointless by now.
   */
  async wait(bytes: number, stopped: () => boolean): Promise<void> {
    if (this.#rate === Infinity) return;
    const now = performance.now();
    const from = Math.max(this.#free, now - NAP_MS);
    this.#free = from + bytes / this.#rate * 1000;
    for (let left; (left = from - performance.now()) > 0 && !stopped();) {
      const nap = Math.min(left, NAP_MS);
      await delay(nap);
    }
  }
}
