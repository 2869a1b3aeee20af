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

/** Stands in for both streams until it is disposed. */
class Capture implements Disposable {
  readonly #text = { stdout: "", stderr: "" };
  readonly #real = [Deno.stdout.writeSync, Deno.stderr.writeSync] as const;

  constructor() {
    const decoder = new TextDecoder();
    for (const name of ["stdout", "stderr"] as const) {
      Deno[name].writeSync = (piece) => {
        this.#text[name] += decoder.decode(piece);
        return piece.length;
      };
    }
  }

  /** The lines so far, each of which must have its end. */
  lines(): Printed {
    const lines = (text: string) => {
      const all = text.split("\n");
      assertEquals(all.pop(), "");
      return all;
    };
    const { stdout, stderr } = this.#text;
    return { stdout: lines(stdout), stderr: lines(stderr) };
  }

  [Symbol.dispose](): void {
    [Deno.stdout.writeSync, Deno.stderr.writeSync] = this.#real;
  }
}

/** Keeps what a function prints, line by line. */
export function printed(act: () => void): Printed {
  using capture = new Capture();
  act();
  return capture.lines();
}

/** The same for one that takes its time, with what it returns. */
export async function captured<T>(
  act: () => Promise<T>,
): Promise<Printed & { value: T }> {
  using capture = new Capture();
  const value = await act();
  return { ...capture.lines(), value };
}
