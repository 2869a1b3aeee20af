/**
 * Every experiment, in the order of the claims.
 *
 * @module
 */

import * as buffers from "./buffers.ts";
import * as closing from "./closing.ts";
import * as crash from "./crash.ts";
import * as descriptors from "./descriptors.ts";
import type { Experiment } from "./experiment.ts";
import * as linger from "./linger.ts";
import * as messages from "./messages.ts";
import * as million from "./million.ts";
import * as opening from "./opening.ts";
import * as shutdown from "./shutdown.ts";
import * as states from "./states.ts";

const GROUPS = [
  opening,
  buffers,
  closing,
  million,
  crash,
  linger,
  shutdown,
  descriptors,
  states,
  messages,
];

/** The experiments by number, from 1 on. */
export const EXPERIMENTS: readonly Experiment[] = GROUPS
  .flatMap((group) => Object.values(group).filter(isExperiment))
  .sort((a, b) => a.number - b.number);

/** Groups export their tools too; an experiment is what has a number. */
function isExperiment(value: unknown): value is Experiment {
  return typeof value === "object" && value !== null && "number" in value;
}
