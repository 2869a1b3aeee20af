/**
 * A lone dash as an option's value, as in `--reply -`.
 *
 * @module
 */

/**
 * Ties a lone `-` to the option before it; `parseArgs` takes it for a path.
 *
 * @param args What was typed.
 * @param values The long options that take a value.
 * @returns The same with `--reply=-` for `--reply -`.
 */
export function withDash(
  args: readonly string[],
  values: readonly string[],
): string[] {
  const tied: string[] = [];
  for (const arg of args) {
    const last = tied.at(-1) ?? "";
    const wanted = last.startsWith("--") && values.includes(last.slice(2));
    if (arg === "-" && wanted && !tied.includes("--")) {
      tied[tied.length - 1] = `${last}=-`;
    } else {
      tied.push(arg);
    }
  }
  return tied;
}
