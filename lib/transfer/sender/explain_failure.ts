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

/** Whose finding it is where the operating system alone has spoken. */
const WHOSE: Partial<Record<Code, string>> = { source: "it cannot be read" };

/** What the receiver said last. */
export interface LastHeard {
  /** What it was doing. */
  phase: Phase | undefined;
  /** How many bytes it had, over all entries. */
  confirmed: number;
}

/**
 * Composes the error for a transfer that failed, over all its connections.
 *
 * @param failure What the last connection failed with.
 * @param entries What was to be delivered.
 * @param target Where the receiver listens.
 * @param heard What the receiver said last.
 * @returns The error to throw; `unconfirmed` where every entry that is not
 * settled was sent whole and may have been committed.
 */
export function explain(
  failure: TransferError,
  entries: readonly OutgoingEntry[],
  target: Target,
  heard: LastHeard,
): TransferError {
  const where = formatTarget(target);
  const undelivered = entries.filter((one) => !one.receipt);
  const open = undelivered.filter((one) => !one.failure || one.inDoubt);
  const { retriable, errors } = failure;
  // What broke the connection instead of a receipt leaves that open, and so do
  // later attempts that did not get through.
  const broke = open[0]?.unconfirmed;
  if (broke && open.every((one) => one.inDoubt)) {
    return new TransferError(
      "unconfirmed",
      {
        doing: `confirm ${titleOf(open, entries)} at ${where}`,
        found: "everything was sent, then " +
          `${broke.found}${during(heard.phase)}; run the same command ` +
          "again to settle it",
      },
      { cause: failure, errors },
    );
  }
  const far = isCut(failure)
    ? `${during(heard.phase)}; ${soFar(entries, heard.confirmed)}`
    : "";
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

function soFar(
  entries: readonly OutgoingEntry[],
  confirmed: number,
): string {
  const total = totalOf(entries);
  const of = total === undefined ? "" : ` of ${formatBytes(total)}`;
  const on = confirmed >= RESUME_BYTES ? " to go on from there" : "";
  return `it had confirmed ${formatBytes(confirmed)}${of}; ` +
    `run the same command again${on}`;
}

/**
 * Adds up the sizes of entries.
 *
 * @param entries What is being delivered.
 * @returns The sum in bytes, or `undefined` where one size is not known.
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
