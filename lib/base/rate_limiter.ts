/**
 * Limits how many bytes a second are sent.
 *
 * @module
 */

import { delay } from "@std/async/delay";

/** Longest single wait in milliseconds: whether to stop is asked after each. */
const NAP_MS = 100;

/** Spreads bytes over time, so that a rate is not exceeded. */
export class RateLimiter {
  readonly #rate: number;
  #free = performance.now();

  /**
   * Makes a limiter.
   *
   * @param rate Bytes per second; `Infinity` for no limit.
   */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Bytes to send at once: what the rate allows in a tenth of a second. */
  get burst(): number {
    return Math.max(1, Math.ceil(this.#rate / 10));
  }

  /**
   * Waits until bytes may be sent.
   *
   * @param bytes How many.
   * @param stopped Ends the wait when it returns `true`; asked every 100 ms.
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
