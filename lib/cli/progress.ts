/**
 * Progress for people, on stderr: a bar on a terminal, lines elsewhere.
 *
 * It shows what the receiver has. What the local kernel has swallowed would
 * race to 100 % and stop there.
 *
 * @module
 */

// @ts-types="npm:@types/cli-progress@3.11.6"
import { Presets, SingleBar } from "cli-progress";
import process from "node:process";
import { formatBytes } from "../format.ts";
import type { Progress } from "../receipt.ts";
import type { ProgressStyle } from "./parse.ts";
import { printNote } from "./print.ts";
import { formatDuration } from "./units.ts";

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
 * Chooses how to show progress.
 *
 * @param style What was asked for.
 * @param quiet Whether nothing is to be shown.
 * @returns The view.
 */
export function progressView(
  style: ProgressStyle,
  quiet: boolean,
): ProgressView {
  const auto = Deno.stderr.isTerminal() ? "bar" : "plain";
  const chosen = quiet ? "none" : style === "auto" ? auto : style;
  if (chosen === "bar") return new BarView();
  if (chosen === "plain") return new PlainView();
  return { update() {}, clear() {}, stop() {} };
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

/** What is shown, in words. */
function describe({ phase, bytes, total }: Progress, rate: number) {
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

class BarView implements ProgressView {
  readonly #rate = new RateMeter();
  #bar: SingleBar | undefined;

  update(progress: Progress): void {
    const { bytes, total } = progress;
    const rate = this.#rate.add(bytes, performance.now());
    const words = { ...describe(progress, rate) };
    // An empty file has no bytes to count; a bar of 1 of 1 says it is done.
    const max = total || 1;
    if (this.#bar) {
      this.#bar.setTotal(max);
      this.#bar.update(total === 0 ? 1 : Math.min(bytes, max), words);
      return;
    }
    const format = total === undefined
      ? "{have} | {rate} | {phase}"
      : "{bar} {percent} | {have} | {rate} | ETA {left} | {phase}";
    this.#bar = new SingleBar({
      format,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      barsize: 24,
    }, Presets.shades_classic);
    this.#bar.start(max, 0, words);
  }

  clear(): void {
    if (this.#bar) Deno.stderr.writeSync(CLEAR_LINE);
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

/** Carriage return, then erase to the end of the line (ECMA-48 EL). */
const CLEAR_LINE = new TextEncoder().encode("\r\x1b[K");

class PlainView implements ProgressView {
  readonly #rate = new RateMeter();
  #next = performance.now() + LINE_INTERVAL_MS;

  update(progress: Progress): void {
    const now = performance.now();
    const rate = this.#rate.add(progress.bytes, now);
    if (now < this.#next) return;
    this.#next = now + LINE_INTERVAL_MS;
    const { have, percent, rate: speed, left, phase } = describe(
      progress,
      rate,
    );
    const words = [have, percent, speed, left && `ETA ${left}`, phase];
    printNote(`halfclose: ${words.filter(Boolean).join(", ")}`);
  }

  clear(): void {}

  stop(): void {}
}
