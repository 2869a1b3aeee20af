/**
 * Everything a program of the lab can be told to do, by name.
 *
 * @module
 */

import * as libc from "./libc.ts";
import type { Result } from "./libc.ts";
import * as routines from "./routines.ts";

const { call: _call, ...socketCalls } = libc;

/** The calls, in the order they stand in libc.ts and routines.ts. */
export const CALLS = { ...socketCalls, ...routines };

/** The names and types of the calls. */
export type Calls = typeof CALLS;
/** A call's name. */
export type CallName = keyof Calls;

/** One call with its arguments. */
export type Step = {
  [K in CallName]: readonly [K, ...Parameters<Calls[K]>];
}[CallName];

/** A call's result and when it ran, in milliseconds since 1970. */
export type Timed<R extends Result = Result> = R & {
  start: number;
  end: number;
};

/** What a program reports of one step. */
export interface Done {
  name: CallName;
  args: readonly unknown[];
  result: Timed;
}
