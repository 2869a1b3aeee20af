/**
 * A progress bar, for terminals. Only those load this file and its library.
 *
 * @module
 */

// @ts-types="npm:@types/cli-progress@3.11.6"
import { Presets, SingleBar } from "cli-progress";
import type { Progress } from "../receipt.ts";
import { screen } from "./print.ts";
import { describe, type ProgressView, RateMeter } from "./progress.ts";

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
      stream: STREAM,
      hideCursor: true,
      clearOnComplete: true,
      barsize: 24,
    }, Presets.shades_classic);
    this.#bar.start(max, 0, words);
  }

  clear(): void {
    if (this.#bar) screen.draw(CLEAR_LINE);
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

/** How wide the terminal is; some that are none say nothing, or 0. */
function columnsOf(): number {
  try {
    return Deno.consoleSize().columns || DEFAULT_COLUMNS;
  } catch {
    return DEFAULT_COLUMNS; // neither stdin nor stdout is one, or it is gone
  }
}

const DEFAULT_COLUMNS = 80;

/** All of a stream that cli-progress makes use of. */
const STREAM = {
  isTTY: Deno.stderr.isTerminal(),
  get columns(): number {
    return columnsOf();
  },
  write(text: string): boolean {
    screen.draw(text);
    return true;
  },
} as unknown as NodeJS.WritableStream;

/** Carriage return, then erase to the end of the line (ECMA-48 EL). */
const CLEAR_LINE = "\r\x1b[K";
