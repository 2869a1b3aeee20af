/**
 * Limits that people set, and what none of them can be.
 *
 * @module
 */

import { TransferError } from "./errors.ts";

/**
 * Refuses limits that would end everything at once, or nothing ever.
 *
 * @param limits By name; `Infinity` means none, and so does `undefined`.
 * @throws {TransferError} `usage` for 0, for less, and for what is no number.
 */
export function mustBePositive(
  limits: Readonly<Record<string, number | undefined>>,
): void {
  for (const [name, limit] of Object.entries(limits)) {
    if (limit === undefined || limit > 0) continue;
    throw new TransferError(
      "usage",
      `Cannot use ${name} ${limit}: it must be above 0`,
    );
  }
}
