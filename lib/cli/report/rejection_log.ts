/**
 * How much is said about those who come to an open port and are turned away.
 *
 * Anybody can connect as often as they like; what that writes into a log is
 * bounded, whatever they do.
 *
 * @module
 */

/** The time for which lines are counted, in milliseconds. */
const MINUTE_MS = 60_000;

/** Lines a minute about one address. */
const LINES_OF_ONE = 5;

/** Lines a minute about all of them. */
const LINES = 60;

/** Decides which strangers are worth a line. */
export class RejectionLog {
  readonly #counts = new Map<string, number>();
  #begun = -Infinity;
  #lines = 0;
  #untold = 0;

  /**
   * Counts one who was turned away.
   *
   * @param peer Its address, with the port behind a colon.
   * @param now The time in milliseconds.
   * @returns How many went without a line since the last one, when this one is
   * to have one; `undefined` when not.
   */
  tell(peer: string, now: number = performance.now()): number | undefined {
    if (now - this.#begun >= MINUTE_MS) {
      this.#begun = now;
      this.#lines = 0;
      this.#counts.clear();
    }
    const address = peer.replace(/:\d+$/, "");
    const count = this.#counts.get(address) ?? 0;
    if (count >= LINES_OF_ONE || this.#lines >= LINES) {
      this.#untold++;
      return undefined;
    }
    this.#counts.set(address, count + 1);
    this.#lines++;
    const untold = this.#untold;
    this.#untold = 0;
    return untold;
  }
}
