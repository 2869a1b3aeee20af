/**
 * What an experiment is: evidence from this kernel, and a pure function that
 * judges it.
 *
 * @module
 */

import type { Bench } from "./bench.ts";

/** What the evidence of a run says about a claim. */
export type Verdict =
  | { kind: "holds" }
  | { kind: "does not hold" }
  | { kind: "depends"; on: string };

/** One claim, put to the kernel. */
export interface Experiment<E = unknown> {
  /** Its number in the list of claims. */
  readonly number: number;
  /** The claim as tutorials put it, in one line. */
  readonly claim: string;
  /** Makes the claim's situation and reports what happened; judges nothing. */
  run(bench: Bench): Promise<E>;
  /** Judges evidence; knows nothing else. */
  verdict(evidence: E): Verdict;
  /** The figures of the evidence in one line. */
  seen(evidence: E): string;
  /** What happens in the kernel, and why people believe otherwise. */
  readonly why: string;
  /** Where that is written. */
  readonly sources: readonly string[];
  /** The standard that leaves a kernel no choice here, if there is one. */
  readonly fixedBy?: string;
}

/** The evidence type of an experiment. */
export type EvidenceOf<X> = X extends Experiment<infer E> ? E : never;

/** The claim holds. */
export const HOLDS: Verdict = { kind: "holds" };
/** It does not. */
export const FAILS: Verdict = { kind: "does not hold" };

/**
 * It depends.
 *
 * @param on On what, so that it completes the sentence.
 */
export function depends(on: string): Verdict {
  return { kind: "depends", on };
}

/**
 * Two-way verdict.
 *
 * @param claim Whether the claim was seen to be true.
 */
export function holdsIf(claim: boolean): Verdict {
  return claim ? HOLDS : FAILS;
}

/**
 * A verdict in words.
 *
 * @param verdict What was found.
 * @returns "holds", "does not hold", or "depends on …".
 */
export function verdictText(verdict: Verdict): string {
  return verdict.kind === "depends" ? `depends on ${verdict.on}` : verdict.kind;
}
