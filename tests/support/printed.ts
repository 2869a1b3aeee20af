/**
 * What code prints, for tests that need no process for it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { allPrinted } from "../../lib/cli/report/print.ts";

/** The lines of both streams. */
export interface Printed {
  stdout: string[];
  stderr: string[];
}

/** Stands in for both streams until it is disposed. */
class Capture implements Disposable {
  readonly #text = { stdout: "", stderr: "" };
  readonly #real = [Deno.stdout.write, Deno.stderr.write] as const;

  constructor() {
    const decoder = new TextDecoder();
    for (const name of ["stdout", "stderr"] as const) {
      Deno[name].write = (piece) => {
        this.#text[name] += decoder.decode(piece);
        return Promise.resolve(piece.length);
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
    [Deno.stdout.write, Deno.stderr.write] = this.#real;
  }
}

/** Keeps what a function prints, line by line. */
export async function printed(act: () => void): Promise<Printed> {
  using capture = new Capture();
  act();
  await allPrinted();
  return capture.lines();
}

/** The same for one that takes its time, with what it returns. */
export async function captured<T>(
  act: () => Promise<T>,
): Promise<Printed & { value: T }> {
  using capture = new Capture();
  const value = await act();
  await allPrinted();
  return { ...capture.lines(), value };
}
