/**
 * Every experiment, in the order of the claims.
 *
 * @module
 */

import * as buffers from "./buffers.ts";
import type { Experiment } from "./experiment.ts";
import * as opening from "./opening.ts";

/** The experiments by number, from 1 on. */
export const EXPERIMENTS: readonly Experiment[] = [opening, buffers]
  .flatMap((group): Experiment[] => Object.values(group))
  .sort((a, b) => a.number - b.number);
