/**
 * Progress for people, on stderr: what to say, and saying it in plain lines.
 *
 * It shows what the receiver has. What the local kernel has swallowed would
 * race to 100 % and stop there; raw mode knows no better, though.
 *
 * @module
 */

import { formatBytes } from "../../base/format_bytes.ts";
import type { Progress } from "../../model/progress.ts";
import { ProgressThrottle } from "../../model/progress_throttle.ts";
import { formatDuration } from "../parse/units.ts";
import { printNote } from "./print.ts";

/** Something that shows progress. */
export interface ProgressView {
  /** Shows how far it is. */
  update(progress: Progress): void;
  /** Makes room for a line of something else. */
  clear(): void;
  /** Shows nothing any more. */
  stop(): void;
}

/** How often lines are printed where there is no terminal, in milliseconds. */
const LINE_INTERVAL_MS = 2_000;

/** How far back the rate looks, in milliseconds: steady, yet not stale. */
const RATE_WINDOW_MS = 3_000;

/**
 * Sums up sessions that go on at the same time.
 *
 * @param all How far each of them is.
 * @returns What they have, of what, where each of them knows that.
 */
export function sumOf(all: Iterable<Progress>): Omit<Progress, "phase"> {
  let bytes = 0, sum = 0, known = true;
  for (const { bytes: has, total } of all) {
    bytes += has;
    sum += total ?? 0;
    known &&= total !== undefined;
  }
  return { bytes, ...(known ? { total: sum } : {}) };
}

/** Bytes a second over the last moments. */
export class RateMeter {
  readonly #samples: { at: number; bytes: number }[] = [];

  /**
   * Takes a reading in.
   *
   * @param bytes How many there are by now.
   * @param at When, in milliseconds of a monotonic clock.
   * @returns Bytes a second.
   */
  add(bytes: number, at: number): number {
    // Sessions that ended count no more: the rate begins anew.
    if (bytes < (this.#samples.at(-1)?.bytes ?? 0)) this.#samples.length = 0;
    this.#samples.push({ at, bytes });
    while (at - this.#samples[0]!.at > RATE_WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0]!;
    return at > first.at ? (bytes - first.bytes) / (at - first.at) * 1000 : 0;
  }
}

/**
 * Puts progress into words.
 *
 * @param progress How far it is.
 * @param rate Bytes a second.
 * @returns The words; empty ones where the total is not known.
 */
export function describe({ phase, bytes, total }: Progress, rate: number) {
  return {
    have: formatBytes(bytes) +
      (total === undefined ? "" : ` of ${formatBytes(total)}`),
    percent: total === undefined
      ? ""
      : `${total === 0 ? 100 : Math.floor(bytes / total * 100)} %`,
    rate: `${formatBytes(rate)}/s`,
    left: total === undefined ? "" : formatDuration((total - bytes) / rate),
    phase,
  };
}

/** A line now and then, for where there is no terminal. */
export class PlainView implements ProgressView {
  readonly #rate = new RateMeter();
  readonly #throttle = new ProgressThrottle(
    LINE_INTERVAL_MS,
    performance.now() + LINE_INTERVAL_MS,
  );

  update(progress: Progress): void {
    const now = performance.now();
    const rate = this.#rate.add(progress.bytes, now);
    if (!this.#throttle.isDue(now)) return;
    const { have, percent, rate: speed, left, phase } = describe(
      progress,
      rate,
    );
    const words = [have, percent, speed, left && `ETA ${left}`, phase];
    const line = words.filter(Boolean).join(", ");
    printNote(`halfclose: ${line}`, { passing: true });
  }

  clear(): void {}

  stop(): void {}
}
