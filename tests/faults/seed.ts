/**
 * Chance that can be repeated.
 *
 * @module
 */

/**
 * Makes a source of random numbers, and prints how to have the same again.
 *
 * @param what What it is for.
 * @returns A function that gives a whole number from 0 to below its argument.
 */
export function seeded(what: string): (below: number) => number {
  let state = seedOf(what);
  return (below) => {
    // Mulberry32: short, and good enough to choose moments with.
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) % below;
  };
}

/**
 * Chooses a seed, or takes the one in SEED, and prints it.
 *
 * @param what What it is for.
 * @returns The seed.
 */
export function seedOf(what: string): number {
  const given = Deno.env.get("SEED");
  const seed = given === undefined
    ? crypto.getRandomValues(new Int32Array(1))[0]!
    : Number(given);
  // deno-lint-ignore no-console -- the way to repeat what went wrong
  console.log(`${what}: SEED=${seed}`);
  return seed;
}
