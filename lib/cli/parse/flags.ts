/**
 * Options that take no value.
 *
 * @module
 */

import { TransferError } from "../../base/errors.ts";
import { escape } from "../../base/escape.ts";

/**
 * Sees that flags stand alone. `parseArgs` would take `--json=no` for yes, and
 * a file called `true` behind a flag for the flag's value.
 *
 * @param args What was typed.
 * @param flags The long options that take no value.
 * @param letters Short for some options, with their long names.
 * @returns The same with `./true` for a `true` behind a flag.
 * @throws {TransferError} `usage` for a flag with a value.
 */
export function withFlagsAlone(
  args: readonly string[],
  flags: readonly string[],
  letters: readonly (readonly [string, string])[],
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

/** Of what was typed by mistake, this much is shown. */
const MAX_SHOWN = 100;
