/**
 * Options by name, strictly.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import type { Topic } from "./help.ts";
import { normalizeArgs } from "./normalize_args.ts";

const LETTERS = [
  ["d", "dir"],
  ["o", "output"],
  ["q", "quiet"],
  ["h", "help"],
  ["V", "version"],
] as const;

/**
 * Takes options and paths apart. @std/cli by itself lets unknown options pass.
 *
 * @param command What the options are for.
 * @param args What came after it.
 * @param flags Options without a value.
 * @param values Options with one.
 * @returns What was found, by name.
 * @throws {TransferError} `usage` for an option there is not, and for one
 * without its value or with one too many.
 */
export function read<const B extends string, const S extends string>(
  command: Topic,
  args: readonly string[],
  flags: readonly B[],
  values: readonly S[],
) {
  const known = new Set<string>([...flags, ...values]);
  const normal = normalizeArgs(args, { flags, values, letters: LETTERS });
  const found = parseArgs(normal, {
    boolean: flags,
    string: [...values, "_"],
    alias: Object.fromEntries(
      LETTERS.filter(([, name]) => known.has(name)),
    ),
    unknown: (option, key) => {
      if (key === undefined) return true; // an argument, not an option
      throw wrong(
        `there is no option ${quote(option)} (behind "--", or as "./-name", ` +
          "it would be a path)",
        command,
      );
    },
  });
  for (const name of values) {
    const value: unknown = found[name as keyof typeof found];
    if (value === "") throw wrong(`--${name} needs a value`, command);
  }
  return found;
}

/**
 * Reads a value that must be one of a few.
 *
 * @param text What was typed.
 * @param choices What would do.
 * @param option Which option it is for.
 * @returns The choice.
 * @throws {TransferError} `usage`, naming them.
 */
export function oneOf<const T extends string>(
  text: string,
  choices: readonly T[],
  option: string,
): T {
  const choice = choices.find((one) => one === text);
  if (choice !== undefined) return choice;
  throw new TransferError(
    "usage",
    {
      doing: `read ${option} ${quote(text)}`,
      found: "it must be one of " + choices.join(", "),
    },
  );
}

/**
 * Refuses options that would change nothing: whoever gave one expects it to.
 *
 * @param found What was found, by name.
 * @param names The options.
 * @param why What makes them useless, and reads on with ", so --name …".
 * @param topic Which help says more.
 * @throws {TransferError} `usage`, naming the first that was given.
 */
export function useless<const N extends string>(
  found: Readonly<Partial<Record<N, unknown>>>,
  names: readonly N[],
  why: string,
  topic: Topic,
): void {
  const given = names.find((name) => found[name]);
  if (given === undefined) return;
  throw wrong(`${why}, so --${given} would change nothing`, topic);
}

/**
 * The error for a command line that cannot be read.
 *
 * @param found What was found.
 * @param topic Which help says more.
 * @returns `usage`.
 */
export function wrong(found: string, topic?: Topic): TransferError {
  const help = topic ? `halfclose ${topic} --help` : "halfclose --help";
  return new TransferError(
    "usage",
    { doing: "read the command line", found: `${found}; see ${help}` },
  );
}
