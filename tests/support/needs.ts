/**
 * Tests that need more than Deno.
 *
 * @module
 */

import { missing, type Need } from "./programs.ts";

/**
 * Registers a test where everything it needs is there. Where it is not, the
 * test is registered as ignored with what it lacks in its name, and the runner
 * lists it at the end: no test goes missing in silence.
 *
 * @param programs Programs and rights that the test needs.
 * @param name What the test promises.
 * @param fn The test.
 */
export function needs(
  programs: readonly Need[],
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
): void {
  const lacking = missing(programs);
  if (lacking.length === 0) {
    Deno.test(name, fn);
  } else {
    // Ignored so that the runner can name it with what it lacks; in CI a missing
    // program fails the whole run.
    Deno.test.ignore(`${name} [needs ${lacking.join(", ")}]`, fn);
  }
}
