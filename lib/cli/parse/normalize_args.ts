/**
 * Arguments in the form in which `parseArgs` understands them as people mean
 * them.
 *
 * @module
 */

import { TransferError } from "../../base/errors.ts";
import { escape } from "../../base/escape.ts";

/** Which options there are, by their long names. */
export interface KnownOptions {
  /** Those without a value. */
  flags: readonly string[];
  /** Those with a value. */
  values: readonly string[];
  /** The letters that stand for some of them, with the long name of each. */
  letters: readonly (readonly [string, string])[];
}

/**
 * Rewrites what `parseArgs` would misread. It takes a lone `-` for a path, also
 * in `--reply -`; it takes `--json=no` for yes; and it takes a file called
 * `true` behind a flag for the flag's value.
 *
 * @param args What was typed.
 * @param options Which options there are.
 * @returns The same with `--reply=-` for `--reply -`, and with `./true` for a
 * `true` behind a flag.
 * @throws {TransferError} `usage` for a flag with a value.
 */
export function normalizeArgs(
  args: readonly string[],
  options: KnownOptions,
): string[] {
  return separateFlags(joinDashes(args, options), options);
}

/** Joins a lone dash to the option before it that takes a value. */
function joinDashes(
  args: readonly string[],
  { values }: KnownOptions,
): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const last = joined.at(-1) ?? "";
    const wanted = last.startsWith("--") && values.includes(last.slice(2));
    if (arg === "-" && wanted && !joined.includes("--")) {
      joined[joined.length - 1] = `${last}=-`;
    } else {
      joined.push(arg);
    }
  }
  return joined;
}

/** Refuses flags with a value, and keeps paths from becoming one. */
function separateFlags(
  args: readonly string[],
  { flags, letters }: KnownOptions,
): string[] {
  const short = new Map(letters);
  const isFlag = (option: string) => {
    const name = option.startsWith("--")
      ? option.slice(2)
      : /^-[a-z]+$/i.test(option)
      ? short.get(option.slice(-1))
      : undefined;
    return name !== undefined && flags.includes(name);
  };
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  return args.map((arg, at) => {
    if (at >= end) return arg;
    if (arg.includes("=") && isFlag(arg.slice(0, arg.indexOf("=")))) {
      throw new TransferError(
        "usage",
        {
          doing: `read ${escape(arg.slice(0, MAX_SHOWN))}`,
          found: "it takes no value",
        },
      );
    }
    const behind = at > 0 && isFlag(args[at - 1]!);
    return behind && (arg === "true" || arg === "false") ? `./${arg}` : arg;
  });
}

/** Most characters of a mistyped argument that the message shows. */
const MAX_SHOWN = 100;
