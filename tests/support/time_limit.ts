/**
 * Loaded before the tests by tests/run.ts: a test that hangs fails by its name.
 *
 * @module
 */

import { Script } from "node:vm";

/** Many times what the slowest test takes on a busy machine. */
const LIMIT_MS = 180_000;

/**
 * `Deno.test` with a time limit for tests that set none.
 *
 * @param register The real one.
 * @param timeout In milliseconds.
 * @returns A function that takes what `Deno.test` takes.
 */
function withLimit(
  register: (...args: unknown[]) => void,
  timeout: number,
): (...args: unknown[]) => void {
  return (...args) => {
    // Deno.test(fn) and Deno.test(name, fn) have no options to add it to.
    const at = typeof args[0] === "string" ? 1 : 0;
    if (typeof args[at] === "function") args.splice(at, 0, {});
    args[at] = { timeout, ...args[at] as Deno.TestDefinition };
    register(...args);
  };
}

// Deno reports a test at its first caller outside of its own scripts, which by
// their names are "ext:" scripts. As one of them, this is passed over.
const limited = new Script(`(${withLimit})`, { filename: "ext:time_limit.js" })
  .runInThisContext() as typeof withLimit;
const register = Deno.test as unknown as (...args: unknown[]) => void;
Object.assign(Deno, {
  test: Object.assign(limited(register, LIMIT_MS), Deno.test),
});
