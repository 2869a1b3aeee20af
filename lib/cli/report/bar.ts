/**
 * A progress bar, for terminals. Only those load this file and its library.
 *
 * @module
 */

// @ts-types="npm:@types/cli-progress@3.11.6"
import { Presets, SingleBar } from "cli-progress";
import type { Progress } from "../../model/progress.ts";
import { screen } from "./print.ts";
import { describe, type ProgressView, RateMeter } from "./progress.ts";

/** Widest the bar itself becomes, in columns. */
const MAX_BAR = 24;

/** Room for the widest words; the bar gets what the terminal has beyond. */
const WORDS =
  " 100 % | 99.9 MB of 99.9 MB | 99.9 MB/s | ETA 0:00:00 | committing".length;

/** How wide a terminal is that does not say. */
const DEFAULT_COLUMNS = 80;

/** One bar on stderr, gone when it is done. */
export class BarView implements ProgressView {
  readonly #rate = new RateMeter();
  #bar: SingleBar | undefined;

  update(progress: Progress): void {
    if (screen.behind) return; // the next one will say it better
    const { bytes, total } = progress;
    const rate = this.#rate.add(bytes, performance.now());
    const words = { ...describe(progress, rate) };
    // An empty file has no bytes to count; a bar of 1 of 1 says it is done.
    const max = total || 1;
    const at = total === 0 ? 1 : Math.min(bytes, max);
    if (this.#bar) {
      this.#bar.setTotal(max);
      this.#bar.update(at, words);
      return;
    }
    const format = total === undefined
      ? "{have} | {rate} | {phase}"
      : "{bar} {percent} | {have} | {rate} | ETA {left} | {phase}";
    this.#bar = new SingleBar({
      format,
      stream: STREAM,
      hideCursor: true,
      clearOnComplete: true,
      barsize: Math.max(0, Math.min(MAX_BAR, columns() - WORDS)),
    }, Presets.shades_classic);
    this.#bar.start(max, at, words);
  }

  /**
   * Ends this bar; the next update begins another. At its end the library goes
   * back to where the bar began, erases that line and lets lines wrap again:
   * what was printed beside a bar would be erased, and cut before that.
   */
  clear(): void {
    this.stop();
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

function columns(): number {
  try {
    return Deno.consoleSize().columns || DEFAULT_COLUMNS;
  } catch {
    return DEFAULT_COLUMNS; // it has just been closed
  }
}

/** All of a stream that cli-progress makes use of. */
const STREAM = {
  isTTY: true,
  get columns(): number {
    return columns();
  },
  write(text: string): boolean {
    screen.draw(text);
    return true;
  },
} as unknown as NodeJS.WritableStream;
