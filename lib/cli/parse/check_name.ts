/**
 * The name that a path gives its entry, checked before anything is opened.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";

/**
 * Refuses a path that gives no name, as the root does.
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
