/**
 * A progress bar, for terminals. Only those load this file and its library.
 *
 * @module
 */

// @ts-types="npm:@types/cli-progress@3.11.6"
import { Presets, SingleBar } from "cli-progress";
import process from "node:process";
import type { Progress } from "../receipt.ts";
import { eraseLine } from "./print.ts";
import { describe, type ProgressView, RateMeter } from "./progress.ts";

/** One bar on stderr, gone when it is done. */
export class BarView implements ProgressView {
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
    if (this.#bar) eraseLine();
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
