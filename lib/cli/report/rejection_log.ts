/**
 * Limits the lines about connections that were rejected before they became a
 * session.
 *
 * Any peer can connect as often as it likes. Whatever it does, it adds no more
 * to a log than this allows.
 *
 * @module
 */

/** The time for which lines are counted, in milliseconds. */
const MINUTE_MS = 60_000;

/** Lines a minute about one address. */
const LINES_OF_ONE = 5;

/** Lines a minute about all addresses. */
const LINES = 60;

/** Decides which rejections get a line. */
export class RejectionLog {
  readonly #counts = new Map<string, number>();
  #begun = -Infinity;
  #lines = 0;
  #unlisted = 0;

  /**
   * Counts a rejection.
   *
   * @param peer The peer's address, with the port behind a colon.
   * @param now The time, in milliseconds of a monotonic clock.
   * @returns How many rejections got no line since the last line, where this
   * one gets a line; `undefined` where it gets none.
   */
  count(peer: string, now: number = performance.now()): number | undefined {
    if (now - this.#begun >= MINUTE_MS) {
      this.#begun = now;
      this.#lines = 0;
      this.#counts.clear();
    }
    const address = peer.replace(/:\d+$/, "");
    const count = this.#counts.get(address) ?? 0;
    if (count >= LINES_OF_ONE || this.#lines >= LINES) {
      this.#unlisted++;
      return undefined;
    }
    this.#counts.set(address, count + 1);
    this.#lines++;
    const unlisted = this.#unlisted;
    this.#unlisted = 0;
    return unlisted;
  }
}
