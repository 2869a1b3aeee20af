/**
 * Prints lines to stdout and stderr. The program waits for them only at its
 * end, and a line that cannot be written ends neither it nor a transfer.
 *
 * @module
 */

import { reasonOf } from "../../base/errors.ts";
import { LineWriter, Turns } from "./line_writer.ts";

/** How long results wait for a reader at the end, in milliseconds. */
const RESULT_PATIENCE_MS = 5_000;

/** How long notes wait for a reader at the end, in milliseconds. */
const NOTE_PATIENCE_MS = 500;

/** How long both wait at most once a signal has ended the program, in ms. */
const HURRIED_MS = 1_000;

/**
 * How much may wait for a reader, in bytes: fifty thousand receipts. A reader
 * may be slow, but a log collector that hangs must not fill the memory.
 */
const RESULT_ROOM = 16_777_216;

/** How much of the notes may wait for a reader, in bytes. */
const NOTE_ROOM = 1_048_576;

// On one terminal a receipt must not come before the bar has made room for it.
// Anywhere else a stream that is stuck does not keep the other one.
const together = Deno.stdout.isTerminal() && Deno.stderr.isTerminal();
const turns = new Turns();

const notes = new LineWriter(Deno.stderr, { room: NOTE_ROOM, turns });

const results = new LineWriter(Deno.stdout, {
  room: RESULT_ROOM,
  turns: together ? turns : new Turns(),
  onLoss: (why) =>
    printNote(`halfclose: Cannot print the results: ${reasonOf(why)}`),
});

let hurried = false;
let end = Infinity;

/**
 * Prints a result. That results are lost is said once on stderr: what was
 * delivered stays delivered.
 *
 * @param line A line for stdout.
 * @param options Whether it is `passing`: left out where the lines before it
 * still wait to be written, because the next one will say more.
 */
export function printResult(
  line: string,
  options: { passing?: boolean } = {},
): void {
  results.print(line, options);
}

/**
 * Prints a note.
 *
 * @param line A line for stderr.
 * @param options As with {@linkcode printResult}.
 */
export function printNote(
  line: string,
  options: { passing?: boolean } = {},
): void {
  notes.print(line, options);
}

/**
 * Waits at the end of the program until everything is written, as long as the
 * streams are read.
 *
 * @returns Whether no result was lost; a reader that left loses none.
 */
export async function allPrinted(): Promise<boolean> {
  const whole = await results.settled(
    () => hurried ? HURRIED_MS : RESULT_PATIENCE_MS,
    () => end,
  );
  await notes.settled(() => hurried ? HURRIED_MS : NOTE_PATIENCE_MS, () => end);
  return whole;
}

/** Shortens the wait of {@linkcode allPrinted} for a stream that is stuck. */
export function hurry(): void {
  hurried = true;
}

/** Ends the wait of {@linkcode allPrinted} a second from now at the latest. */
export function rush(): void {
  hurry();
  end = Math.min(end, performance.now() + HURRIED_MS);
}

/** The terminal behind stderr, for what draws on it. */
export const screen = {
  /** Whether much of what was drawn before has not reached it yet. */
  get behind(): boolean {
    return notes.behind;
  },

  /**
   * Draws in turn with the lines.
   *
   * @param text Words and control sequences.
   */
  draw(text: string): void {
    notes.write(text);
  },
};
