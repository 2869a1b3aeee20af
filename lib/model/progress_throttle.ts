/**
 * Where progress is rate-limited: bytes move thousands of times a second, and
 * nobody reads that often.
 *
 * What a receiver tells its sender needs no limit of its own: it is told once a
 * heartbeat (progress.ts).
 *
 * @module
 */

/** Says when progress may be reported again. */
export class ProgressThrottle {
  readonly #interval: number;
  #next: number;

  /**
   * Begins with no report.
   *
   * @param interval Least time between two reports, in milliseconds.
   * @param first When the first report may be made, on the caller's clock in
   * milliseconds. @default {-Infinity}
   */
  constructor(interval: number, first = -Infinity) {
    this.#interval = interval;
    this.#next = first;
  }

  /**
   * Asks whether a report may be made. If so, the caller makes it.
   *
   * @param now The time on the same clock, in milliseconds.
   * @returns Whether the last report is long enough ago.
   */
  isDue(now: number): boolean {
    if (now < this.#next) return false;
    this.#next = now + this.#interval;
    return true;
  }
}
