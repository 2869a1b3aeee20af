// deno-lint-ignore-file no-console -- the one place that prints
/**
 * Lines onto the two streams. Both are written before the call returns, and a
 * reader that has gone away does not end the program.
 *
 * @module
 */

/**
 * Prints a result.
 *
 * @param line What stdout is for.
 */
export function printResult(line: string): void {
  console.log(line);
}

/**
 * Prints anything else.
 *
 * @param line What stderr is for.
 */
export function printNote(line: string): void {
  console.error(line);
}
