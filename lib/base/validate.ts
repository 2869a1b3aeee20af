/**
 * Checks of numeric options.
 *
 * @module
 */

import { TransferError } from "./errors.ts";

/** By name; `undefined` is never refused. */
type Limits = Readonly<Record<string, number | undefined>>;

/**
 * Refuses limits that are not above 0.
 *
 * @param limits By name; `Infinity` means none, and so does `undefined`.
 * @throws {TransferError} `usage` for 0, for less, and for what is no number.
 */
export function mustBePositive(limits: Limits): void {
  check(limits, (limit) => limit > 0, "above 0");
}

/**
 * Refuses negative times.
 *
 * @param limits By name; `Infinity` means no limit, and so does `undefined`.
 * @throws {TransferError} `usage` for less than 0, and for what is no number.
 */
export function mustNotBeNegative(limits: Limits): void {
  check(limits, (limit) => limit >= 0, "0 or more");
}

/**
 * Refuses what is not a whole number from 0 on.
 *
 * @param limits By name; `Infinity` means for ever, `undefined` the default.
 * @throws {TransferError} `usage` for less than 0, for fractions, and for what
 * is no number.
 */
export function mustBeCounts(limits: Limits): void {
  const counts = (limit: number) =>
    limit >= 0 && (Number.isInteger(limit) || limit === Infinity);
  check(limits, counts, "a whole number, 0 or more");
}

function check(
  limits: Limits,
  fits: (limit: number) => boolean,
  must: string,
): void {
  for (const [name, limit] of Object.entries(limits)) {
    if (limit === undefined || fits(limit)) continue;
    throw new TransferError(
      "usage",
      { doing: `use ${name} ${limit}`, found: `it must be ${must}` },
    );
  }
}
