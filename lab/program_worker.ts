/**
 * A thread that makes blocking calls, one list of steps at a time.
 *
 * @module
 */

import { CALLS, type Done, type Step, type Timed } from "./calls.ts";
import { call, type Result } from "./libc.ts";
import { now } from "./proc.ts";

/** Makes the calls in order; a failure is a result like any other. */
function perform(steps: readonly Step[]): Done[] {
  return steps.map(([name, ...args]) => {
    const make = CALLS[name] as (...args: unknown[]) => Result;
    const start = now();
    const result: Timed = { ...make(...args), start, end: now() };
    return { name, args, result };
  });
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<readonly Step[]>) => void;
  postMessage(message: unknown): void;
};
scope.onmessage = ({ data }) => scope.postMessage(perform(data));
scope.postMessage({ thread: call((c) => c.gettid()).value });
