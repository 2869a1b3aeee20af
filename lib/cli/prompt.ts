/**
 * A question at a terminal whose answer is not shown.
 *
 * @module
 */

import { onAbort } from "../deadline.ts";

const BACKSPACE = 0x08, DELETE = 0x7f;

/** End of transmission, carriage return, line feed. */
const ENDS: readonly number[] = [0x04, 0x0d, 0x0a];

/**
 * Asks, and reads one line without showing it.
 *
 * On abort: rejects with the reason at once; the terminal is as it was, and a
 * read of stdin stays behind.
 *
 * @param question What to ask.
 * @param signal Ends the waiting.
 * @returns The answer.
 */
export async function askHidden(
  question: string,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {}); // it may come before anybody waits for it
  using _ = onAbort(signal, () => aborted.reject(signal.reason));
  // Before the question: what is pasted too fast would be shown otherwise.
  Deno.stdin.setRaw(true, { cbreak: true });
  try {
    await Deno.stdout.write(encoder.encode(question));
    return await Promise.race([readLine(Deno.stdin), aborted.promise]);
  } finally {
    Deno.stdin.setRaw(false);
    await Deno.stdout.write(encoder.encode("\n"));
  }
}

/**
 * Reads a line as it is typed, with its corrections.
 *
 * @param from Where it is typed; nothing behind the line is read.
 * @returns The line without its end.
 */
export async function readLine(
  from: { read(into: Uint8Array): Promise<number | null> },
): Promise<string> {
  const typed: number[] = [];
  const one = new Uint8Array(1);
  while (await from.read(one)) {
    const byte = one[0]!;
    if (ENDS.includes(byte)) break;
    if (byte === BACKSPACE || byte === DELETE) typed.pop();
    else typed.push(byte);
  }
  return new TextDecoder().decode(new Uint8Array(typed));
}

const encoder = new TextEncoder();
