/**
 * What code prints, for tests that need no process for it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

/** The lines of both streams. */
export interface Printed {
  stdout: string[];
  stderr: string[];
}

/** Keeps what a function prints, line by line. */
export function printed(act: () => void): Printed {
  const { stdout, stderr } = Deno;
  const real = [stdout.writeSync, stderr.writeSync] as const;
  const text = { stdout: "", stderr: "" };
  const decoder = new TextDecoder();
  stdout.writeSync = (piece) => {
    text.stdout += decoder.decode(piece);
    return piece.length;
  };
  stderr.writeSync = (piece) => {
    text.stderr += decoder.decode(piece);
    return piece.length;
  };
  try {
    act();
  } finally {
    [stdout.writeSync, stderr.writeSync] = real;
  }
  return { stdout: lines(text.stdout), stderr: lines(text.stderr) };
}

/** The lines of a text, each of which must have its end. */
function lines(text: string): string[] {
  const all = text.split("\n");
  assertEquals(all.pop(), "");
  return all;
}
