/**
 * How far a raw transfer is, reported no more often than that of a session.
 *
 * @module
 */

import { HEARTBEAT_MS, type Progress } from "../model/progress.ts";
import { ProgressThrottle } from "../model/progress_throttle.ts";

/** Reports the progress of one raw transfer, in either direction. */
export class RawProgress {
  readonly #onProgress: (progress: Progress) => void;
  readonly #total: { total?: number };
  readonly #throttle = new ProgressThrottle(HEARTBEAT_MS);

  /**
   * Begins with no bytes.
   *
   * @param onProgress Called with the progress; it may not throw.
   * @param total How many bytes there will be, where that is known.
   */
  constructor(
    onProgress: (progress: Progress) => void,
    total?: number,
  ) {
    this.#onProgress = onProgress;
    this.#total = total === undefined ? {} : { total };
  }

  /**
   * Reports bytes that moved, unless the last report was a moment ago.
   *
   * @param bytes How many have moved by now.
   */
  moved(bytes: number): void {
    if (this.#throttle.isDue(performance.now())) this.ended(bytes);
  }

  /**
   * Reports the end, whenever the last report was.
   *
   * @param bytes How many have moved.
   */
  ended(bytes: number): void {
    this.#onProgress({ phase: "receiving", bytes, ...this.#total });
  }
}
