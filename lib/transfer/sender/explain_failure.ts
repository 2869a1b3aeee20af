/**
 * A failed transfer in one sentence: what could not be done, how far it came,
 * what was found, and what would do.
 *
 * @module
 */

import { type Code, foundBy, isCut, TransferError } from "../../base/errors.ts";
import { formatBytes } from "../../base/format_bytes.ts";
import type { Phase } from "../../model/progress.ts";
import { RESUME_BYTES } from "../../model/resume.ts";
import { formatTarget, type Target } from "../../net/address.ts";
import type { OutgoingEntry } from "./outgoing_entry.ts";

/** Who says what the system said: the rest is told in words already. */
const WHOSE: Partial<Record<Code, string>> = { source: "it cannot be read" };

/**
 * Says how a transfer failed, over all its connections.
 *
 * @param failure How the last one did.
 * @param entries What was to be delivered.
 * @param target Where to.
 * @param phase What the receiver said last that it was doing.
 * @returns The error to throw.
 */
export function explain(
  failure: TransferError,
  entries: readonly OutgoingEntry[],
  target: Target,
  phase: Phase | undefined,
): TransferError {
  const where = formatTarget(target);
  const undelivered = entries.filter((one) => !one.receipt);
  const open = undelivered.filter((one) => !one.failure || one.inDoubt);
  const { retriable, errors } = failure;
  // Whatever came instead of the receipt settles nothing, nor do later attempts
  // that did not get through.
  const broke = open[0]?.unconfirmed;
  if (broke && open.every((one) => one.inDoubt)) {
    return new TransferError(
      "unconfirmed",
      {
        doing: `confirm ${titleOf(open, entries)} at ${where}`,
        found: "everything was sent, then " +
          `${broke.found}${during(phase)}; run the same command ` +
          "again to settle it",
      },
      { cause: failure, errors },
    );
  }
  const far = isCut(failure) ? `${during(phase)}; ${soFar(entries)}` : "";
  return new TransferError(
    failure.code,
    {
      doing: `deliver ${titleOf(undelivered, entries)} to ${where}`,
      found: `${foundBy(failure, WHOSE[failure.code])}${far}`,
    },
    { cause: failure, retriable, errors },
  );
}

function titleOf(
  some: readonly OutgoingEntry[],
  all: readonly OutgoingEntry[],
): string {
  return some.length === 1
    ? some[0]!.title
    : `${some.length} of ${all.length} entries`;
}

function during(phase: Phase | undefined): string {
  return phase ? ` while the receiver was ${phase}` : "";
}

function soFar(entries: readonly OutgoingEntry[]): string {
  const total = totalOf(entries);
  const of = total === undefined ? "" : ` of ${formatBytes(total)}`;
  const has = confirmed(entries);
  const on = has >= RESUME_BYTES ? " to go on from there" : "";
  return `it had confirmed ${formatBytes(has)}${of}; ` +
    `run the same command again${on}`;
}

/**
 * How many bytes the receiver is known to have.
 *
 * @param entries What is being delivered.
 * @returns Their sum.
 */
export function confirmed(entries: readonly OutgoingEntry[]): number {
  return entries.reduce((sum, { has }) => sum + has, 0);
}

/**
 * How many bytes there are in all.
 *
 * @param entries What is being delivered.
 * @returns Their sum, or `undefined` where one of them is not known.
 */
export function totalOf(entries: readonly OutgoingEntry[]): number | undefined {
  let total = 0;
  for (const { item: { entry } } of entries) {
    if (entry.kind === "directory") continue;
    if (entry.size === undefined) return undefined;
    total += entry.size;
  }
  return total;
}
