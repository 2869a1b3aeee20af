/**
 * Judging made-up evidence: a model of its shape, and changed copies.
 *
 * @module
 */

import type { Experiment, Verdict } from "../../lab/experiment.ts";

type Kind = Verdict["kind"];

/** An experiment's verdict function and evidence for it. */
export interface Case {
  number: number;
  /** Model of the evidence's shape. */
  model: unknown;
  /** What each piece of evidence was judged, and should have been. */
  judged: { found: Kind; wanted: Kind }[];
}

/** One change of the model, and the verdict that it brings about. */
type Change<E> = [wanted: Kind, change: Partial<E>];

/** Judges a model and changed copies of it. */
export function judge<E>(
  experiment: Experiment<E>,
  wanted: Kind,
  model: E,
  ...changes: Change<E>[]
): Case {
  const all: [Kind, E][] = [
    [wanted, model],
    ...changes.map(([kind, change]): [Kind, E] => [
      kind,
      { ...model, ...change },
    ]),
  ];
  return {
    number: experiment.number,
    model,
    judged: all.map(([wanted, evidence]) => ({
      wanted,
      found: experiment.verdict(evidence).kind,
    })),
  };
}

/** The verdicts. */
export const YES = "holds" as const;
export const NO = "does not hold" as const;
export const DEPENDS = "depends" as const;
