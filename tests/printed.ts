// deno-lint-ignore-file no-console -- what is printed is what is looked at
/**
 * What code prints, for tests that need no process for it.
 *
 * @module
 */

/** The lines of both streams. */
export interface Printed {
  stdout: string[];
  stderr: string[];
}

/** Keeps what a function prints, line by line. */
export function printed(act: () => void): Printed {
  const { log, error } = console;
  const found: Printed = { stdout: [], stderr: [] };
  console.log = (line: string) => found.stdout.push(...line.split("\n"));
  console.error = (line: string) => found.stderr.push(...line.split("\n"));
  try {
    act();
  } finally {
    console.log = log;
    console.error = error;
  }
  return found;
}
