/**
 * Tests that need a program which not every machine has.
 *
 * @module
 */

/**
 * Registers a test that needs programs or rights.
 *
 * @param programs What must be there, by the names a shell would find.
 * @param name The test's name.
 * @param fn The test.
 */
export function needs(
  programs: string[],
  name: string,
  fn: () => Promise<void> | void,
): void {
  void programs;
  Deno.test(name, fn);
}
