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
 * Writes all of it, or as much as can be. A pipe that is full is waited for, as
 * long as it takes.
 *
 * @param to Where to.
 * @param bytes What; it must not change meanwhile.
 * @returns How many bytes were written, and what was wrong with the next one.
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
 * Waits for something, but not for longer than that.
 *
 * @param ms How long at most, in milliseconds.
 * @param what What for.
 * @returns What it resolved to, or `undefined` when the time was over.
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

/** One thing after the other; several streams may share the order. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when all that was to be done by now is done. */
  get done(): Promise<void> {
    return this.#last;
  }

  /**
   * Does something when it is its turn.
   *
   * @param act What to do; it may not reject.
   */
  take(act: () => Promise<void>): void {
    this.#last = this.#last.then(act);
  }
}

/** Options of {@linkcode LineWriter}. */
export interface LineWriterOptions {
  /** How many bytes may wait to be written. What comes beyond is lost. */
  room: number;
  /** Who else writes in this order. @default {nobody} */
  turns?: Turns;
  /**
   * Hears why the first of the lines was lost. A reader that left loses none:
   * it wants no more of them.
   */
  onLoss?: (why: unknown) => void;
}

/** What a line that nothing keeps takes, and more, in milliseconds. */
const MOMENT_MS = 100;

/** So many bytes that wait show that a stream is behind. */
const BEHIND_BYTES = 4_096;

/** Lines of which each is written whole, in order, or lost. */
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
   * Makes lines.
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

  /** Whether so many wait that what soon is old had better not join them. */
  get behind(): boolean {
    return this.waiting >= BEHIND_BYTES;
  }

  /**
   * Prints a line when it is its turn.
   *
   * @param line Without its end.
   * @param options Whether it is `passing`: something that the next one will
   * say better, so that it is left out where the stream is behind.
   */
  print(line: string, { passing = false }: { passing?: boolean } = {}): void {
    if (!passing || !this.behind) this.write(`${line}\n`);
  }

  /**
   * Writes a text as it is when it is its turn.
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
   * Waits until everything is written, or nothing has moved for too long. What
   * is left then is lost.
   *
   * @param patience How long that is by now, in milliseconds.
   * @param end When it is over in any case, by the monotonic clock.
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
      const over = now >= Math.max(end(), from + MOMENT_MS);
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
