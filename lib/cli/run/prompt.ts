/**
 * Asking a person at the terminal for what is not to be shown.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";

const BACKSPACES: readonly number[] = [0x08, 0x7f];

/** Return, line feed, and ^D for the end of the input. */
const ENDS: readonly number[] = [0x0d, 0x0a, 0x04];

/**
 * Asks, and shows nothing of the answer.
 *
 * On abort: rejects with the signal's reason. The terminal is left as it was
 * found in any case; the runtime goes on reading it, because a read of stdin
 * cannot be cancelled.
 *
 * @param question What to ask.
 * @param signal Ends the wait.
 * @returns The answer, without its line's end.
 */
export async function askHidden(
  question: string,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  // Before the question: what is pasted too fast is not to be shown either.
  // Ctrl-C stays a signal.
  Deno.stdin.setRaw(true, { cbreak: true });
  try {
    write(`${question} `);
    return await abortable(readLine(), signal);
  } finally {
    Deno.stdin.setRaw(false);
    write("\n"); // which the terminal did not show
  }
}

async function readLine(): Promise<string> {
  const typed: number[] = [];
  const piece = new Uint8Array(1_024);
  for (let count; (count = await Deno.stdin.read(piece)) !== null;) {
    for (const byte of piece.subarray(0, count)) {
      if (ENDS.includes(byte)) return textOf(typed);
      if (BACKSPACES.includes(byte)) typed.pop();
      else typed.push(byte);
    }
  }
  return textOf(typed);
}

function textOf(bytes: readonly number[]): string {
  return new TextDecoder().decode(new Uint8Array(bytes));
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
