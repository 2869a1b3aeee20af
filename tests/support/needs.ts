/**
 * Tests that need more than Deno.
 *
 * @module
 */

import {
  ALWAYS,
  missing,
  type Need,
  packagesOf,
  type Program,
} from "./programs.ts";

/** What the test that runs now, or this script, has named. */
let named: ReadonlySet<string> = new Set();

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
    Deno.test(name, async (t) => {
      named = new Set(programs);
      try {
        await fn(t);
      } finally {
        named = new Set();
      }
    });
  } else {
    // Ignored so that the runner can name it with what it lacks; in CI a missing
    // program fails the whole run.
    Deno.test.ignore(`${name} [needs ${lacking.join(", ")}]`, fn);
  }
}

/**
 * The same for a script, which ends with one line where something is missing.
 *
 * @param programs Programs and rights that the script needs.
 */
export function demand(...programs: (Program | Need)[]): void {
  const lacking = missing(programs);
  if (lacking.length > 0) {
    const packages = packagesOf(lacking);
    const advice = packages.length > 0
      ? `; install Debian's ${packages.join(", ")}`
      : "";
    // deno-lint-ignore no-console -- what scripts say to a person
    console.error(`Cannot begin: it needs ${lacking.join(", ")}${advice}`);
    Deno.exit(1);
  }
  named = new Set(programs);
}

/**
 * Sees that a program was named, whether it is here or not.
 *
 * @param program A program about to be started.
 * @throws {Error} When it is not on every machine and nobody named it.
 */
export function mustBeNamed(program: Program): void {
  if (program === "deno" || program in ALWAYS || named.has(program)) return;
  throw new Error(
    `Cannot start "${program}": the test has not named it; ` +
      `write needs(["${program}"], "…", …) in place of Deno.test("…", …)`,
  );
}
