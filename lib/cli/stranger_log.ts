/**
 * How much is said about those who come to an open port and are turned away.
 *
 * Anybody can connect as often as they like; what that writes into a log is
 * bounded, whatever they do.
 *
 * @module
 */

/** One line for an address in this time, in milliseconds. */
const EACH_MS = 60_000;

/** And so many lines for all addresses. */
const LINES = 60;

/** Decides which strangers are worth a line. */
export class StrangerLog {
  readonly #told = new Map<string, number>();
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
    for (const [address, when] of this.#told) {
      if (now - when < EACH_MS) break; // the rest came later
      this.#told.delete(address);
    }
    const address = peer.replace(/:\d+$/, "");
    if (this.#told.has(address) || this.#told.size >= LINES) {
      this.#untold++;
      return undefined;
    }
    this.#told.set(address, now);
    const untold = this.#untold;
    this.#untold = 0;
    return untold;
  }
}
