/**
 * Lines onto the two streams. Both are written before the call returns, and
 * none that cannot be written ends the program or a transfer.
 *
 * @module
 */

import { reasonOf } from "../errors.ts";
import { Lines } from "./lines.ts";

/**
 * How long a result waits for a reader, in milliseconds: everything else waits
 * with it, and peers are patient for half a minute.
 */
const RESULT_PATIENCE_MS = 5_000;

/** How long anything else does. */
const NOTE_PATIENCE_MS = 500;

const results = new Lines(Deno.stdout, RESULT_PATIENCE_MS);
const notes = new Lines(Deno.stderr, NOTE_PATIENCE_MS);

/**
 * Prints a result. That results are lost is said once on stderr: what was
 * delivered stays delivered.
 *
 * @param line What stdout is for.
 */
export function printResult(line: string): void {
  const before = results.failure;
  results.print(line);
  const failure = results.failure;
  if (before !== undefined || failure === undefined) return;
  const reason = failure instanceof Deno.errors.WouldBlock
    ? "nobody reads them"
    : reasonOf(failure);
  printNote(`halfclose: Cannot print the results: ${reason}`);
}

/**
 * Whether every result so far was printed, or nobody was left to read it.
 *
 * @returns `false` once one was lost.
 */
export function allPrinted(): boolean {
  return results.failure === undefined;
}

/**
 * Prints anything else.
 *
 * @param line What stderr is for.
 */
export function printNote(line: string): void {
  notes.print(line);
}

/** Erases what a progress bar has drawn. */
export function eraseLine(): void {
  notes.write(CLEAR_LINE);
}

/** Carriage return, then erase to the end of the line (ECMA-48 EL). */
const CLEAR_LINE = "\r\x1b[K";
