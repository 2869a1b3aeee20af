/**
 * Made-up evidence for every claim, at least two kinds each, and the verdict
 * it must get. The first of each is also the model of the evidence's shape.
 *
 * @module
 */

import { CONNECTIONS } from "./connections_cases.ts";
import { ENDINGS } from "./endings_cases.ts";
import type { Case } from "./judge.ts";
import { STATES } from "./states_cases.ts";

/** All 36. */
export const CASES: readonly Case[] = [...CONNECTIONS, ...ENDINGS, ...STATES];
