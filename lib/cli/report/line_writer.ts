/**
 * Lines onto a stream that may be slow, full or gone. Whoever prints goes on at
 * once: a reader that has stopped must not stop the program.
 *
 * @module
 */

import type { ByteWriter } from "../../sink/stream_sink.ts";

/** Pause before a full pipe that does not block is tried again, in ms. */
const PAUSE_MS = 20;

/**
 * Writes all bytes, or as many as it can. It waits for a full pipe without a
 * limit.
 *
 * @param to Where to write.
 * @param bytes The bytes; they must not change meanwhile.
 * @returns How many bytes were written, and the error of the next one.
 */
export async function writeWhole(
  to: ByteWriter,
  bytes: Uint8Array,
): Promise<{ written: number; error?: unknown }> {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += await to.write(bytes.subarray(written));
    } catch (error) {
      const full = error instanceof Deno.errors.WouldBlock;
      if (!full) return { written, error };
      await within(PAUSE_MS, NEVER);
    }
  }
  return { written };
}

/**
 * Waits for a promise, up to a limit.
 *
 * @param ms The limit, in milliseconds.
 * @param what The promise.
 * @returns What it resolved to, or `undefined` at the limit.
 * @throws What it rejected with.
 */
export async function within<T>(
  ms: number,
  what: Promise<T>,
): Promise<T | undefined> {
  const over = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => over.resolve(undefined), ms);
  try {
    return await Promise.race([what, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const NEVER = new Promise<never>(() => {});

/** Runs one task after the other; several streams may share the order. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when all tasks that were given by now are done. */
  get done(): Promise<void> {
    return this.#last;
  }

  /**
   * Runs a task after those before it.
   *
   * @param act The task; it may not reject.
   */
  take(act: () => Promise<void>): void {
    this.#last = this.#last.then(act);
  }
}

/** Options of {@linkcode LineWriter}. */
export interface LineWriterOptions {
  /** How many bytes may wait to be written. Lines beyond that are lost. */
  room: number;
  /** The order, if other streams share it. @default {an order of its own} */
  turns?: Turns;
  /**
   * Called with the reason when the first line is lost. A line for a reader
   * that has left is not lost: it wants no more of them.
   */
  onLoss?: (why: unknown) => void;
}

/**
 * Least time that lines get to be written, in milliseconds, though the end is
 * due: more than a line takes whose stream is not blocked.
 */
const LEAST_WAIT_MS = 100;

/** From so many waiting bytes on, a stream counts as behind. */
const BEHIND_BYTES = 4_096;

/** Writes lines in order, each of them whole or not at all. */
export class LineWriter {
  readonly #to: ByteWriter;
  readonly #room: number;
  readonly #turns: Turns;
  readonly #onLoss: ((why: unknown) => void) | undefined;
  #waiting = 0;
  #movedAt = 0;
  /** Whether the last line was cut short. */
  #torn = false;
  #whole = true;

  /**
   * Begins with nothing to write.
   *
   * @param to Where they go. Nothing else may write to it.
   * @param options How many may wait, and what else to know.
   */
  constructor(to: ByteWriter, options: LineWriterOptions) {
    this.#to = to;
    this.#room = options.room;
    this.#turns = options.turns ?? new Turns();
    this.#onLoss = options.onLoss;
  }

  /** How many bytes wait to be written. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether so many bytes wait that passing lines are left out. */
  get behind(): boolean {
    return this.waiting >= BEHIND_BYTES;
  }

  /**
   * Prints a line after those before it.
   *
   * @param line The line, without its end.
   * @param options Whether it is `passing`: the next line will say more, so
   * this one is left out where the stream is behind.
   */
  print(line: string, { passing = false }: { passing?: boolean } = {}): void {
    if (!passing || !this.behind) this.write(`${line}\n`);
  }

  /**
   * Writes a text as it is, after those before it.
   *
   * @param text Lines or parts of them.
   */
  write(text: string): void {
    const bytes = encoder.encode(text);
    if (this.#waiting + bytes.length > this.#room) return this.#lose(unread());
    this.#waiting += bytes.length;
    this.#turns.take(async () => {
      await this.#writeNow(bytes);
      this.#waiting -= bytes.length;
      this.#movedAt = performance.now();
    });
  }

  /**
   * Waits until everything is written, or nothing was written for too long.
   * Lines that are left then are lost.
   *
   * @param patience How long that is by now, in milliseconds.
   * @param end When the wait ends in any case, in milliseconds of
   * `performance.now()`.
   * @returns Whether no line was ever lost.
   */
  async settled(
    patience: () => number,
    end: () => number = () => Infinity,
  ): Promise<boolean> {
    const from = performance.now();
    while (this.#waiting > 0) {
      const now = performance.now();
      const still = now - Math.max(from, this.#movedAt);
      const over = now >= Math.max(end(), from + LEAST_WAIT_MS);
      if (over || still >= patience()) {
        this.#lose(unread());
        break;
      }
      await within(PAUSE_MS, this.#turns.done);
    }
    return this.#whole;
  }

  async #writeNow(bytes: Uint8Array): Promise<void> {
    if (this.#torn) bytes = Uint8Array.of(NEWLINE, ...bytes);
    const { written, error } = await writeWhole(this.#to, bytes);
    if (written > 0) this.#torn = error !== undefined;
    if (error === undefined || error instanceof Deno.errors.BrokenPipe) return;
    this.#lose(error);
  }

  #lose(why: unknown): void {
    if (this.#whole) this.#onLoss?.(why);
    this.#whole = false;
  }
}

function unread(): Error {
  return new Error("nobody reads them");
}

const encoder = new TextEncoder();

const NEWLINE = 0x0a;
