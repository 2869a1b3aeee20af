/**
 * Lines onto a stream that may fail: a full disk, a reader that is gone, a pipe
 * that is full and does not block.
 *
 * @module
 */

/** What lines are written to: `Deno.stdout`, `Deno.stderr`, an open file. */
export interface SyncWriter {
  /** Writes some of the bytes and says how many. */
  writeSync(piece: Uint8Array): number;
}

/** Pause before a full pipe is tried again, in milliseconds. */
const PAUSE_MS = 5;

/** Nobody ever wakes it: waiting on it is a pause. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of it before it returns, or as much as can be.
 *
 * @param to Where to.
 * @param bytes What.
 * @param patience How long to wait for room in a full pipe, in milliseconds.
 * @returns How many bytes were written, and what was wrong with the next one.
 */
export function writeWhole(
  to: SyncWriter,
  bytes: Uint8Array,
  patience: number,
): { written: number; error?: unknown } {
  let written = 0;
  let waited = 0;
  while (written < bytes.length) {
    try {
      written += to.writeSync(bytes.subarray(written));
      waited = 0;
    } catch (error) {
      const full = error instanceof Deno.errors.WouldBlock;
      if (!full || waited >= patience) return { written, error };
      Atomics.wait(NEVER, 0, 0, PAUSE_MS);
      waited += PAUSE_MS;
    }
  }
  return { written };
}

/** Lines of which each is written whole, or lost; neither throws. */
export class Lines {
  /** What was wrong first, if anything; a reader that left is nothing wrong. */
  failure: unknown;
  readonly #to: SyncWriter;
  readonly #patience: number;
  /** Whether the last line was cut short. */
  #torn = false;
  /** Whether the last line found no room, however long it waited. */
  #full = false;

  /**
   * Makes lines.
   *
   * @param to Where they go.
   * @param patience How long a line waits for room, in milliseconds.
   */
  constructor(to: SyncWriter, patience: number) {
    this.#to = to;
    this.#patience = patience;
  }

  /**
   * Writes a line before it returns.
   *
   * @param line Without its end.
   */
  print(line: string): void {
    this.write(`${this.#torn ? "\n" : ""}${line}\n`);
  }

  /**
   * Writes a text as it is.
   *
   * @param text Lines or parts of them.
   */
  write(text: string): void {
    const bytes = encoder.encode(text);
    // One wait is enough for all that follow, until there is room again.
    const patience = this.#full ? 0 : this.#patience;
    const { written, error } = writeWhole(this.#to, bytes, patience);
    this.#full = error instanceof Deno.errors.WouldBlock;
    if (written > 0) this.#torn = error !== undefined;
    if (error instanceof Deno.errors.BrokenPipe) return;
    this.failure ??= error;
  }
}

const encoder = new TextEncoder();
