/**
 * What an entry is called at the receiver, judged before anything is opened.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { faultOf } from "../../model/name.ts";

/**
 * Judges a name that was typed.
 *
 * @param name The value of `--name`.
 * @throws {TransferError} `usage` for one that no receiver takes.
 */
export function checkName(name: string): void {
  const fault = faultOf(name);
  if (fault === undefined) return;
  throw new TransferError(
    "usage",
    { doing: `use --name ${quote(name)}`, found: `it ${fault}` },
  );
}

/**
 * Sees that a path has a name to give, which the root has not.
 *
 * @param path What was typed.
 * @throws {TransferError} `usage`, saying what is accepted.
 */
export function checkNamed(path: string): void {
  if (basename(resolve(path)) !== "") return;
  throw new TransferError(
    "usage",
    {
      doing: `send ${quote(path)}`,
      found: "it has no name that the receiver could use; --name NAME " +
        "gives it one",
    },
  );
}
