/**
 * How far a raw transfer is, told no more often than any other's.
 *
 * @module
 */

import { HEARTBEAT_MS, type Progress } from "../model/progress.ts";

/** Tells how far one raw transfer is, whichever way the bytes go. */
export class RawProgress {
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  readonly #total: { total?: number };
  #next = -Infinity;

  /**
   * Begins to tell.
   *
   * @param onProgress Who hears of it.
   * @param total How many bytes there will be, where that is known.
   */
  constructor(
    onProgress: ((progress: Progress) => void) | undefined,
    total?: number,
  ) {
    this.#onProgress = onProgress;
    this.#total = total === undefined ? {} : { total };
  }

  /**
   * Something moved: told, unless that was a moment ago.
   *
   * @param bytes How many there are by now.
   */
  moved(bytes: number): void {
    const now = performance.now();
    if (now < this.#next) return;
    this.#next = now + HEARTBEAT_MS;
    this.ended(bytes);
  }

  /**
   * Nothing more will move: told in any case.
   *
   * @param bytes How many there are.
   */
  ended(bytes: number): void {
    this.#onProgress?.({ phase: "receiving", bytes, ...this.#total });
  }
}
