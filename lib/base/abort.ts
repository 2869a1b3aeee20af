/**
 * Timers and abort signals: what every wait in this library needs of them.
 *
 * @module
 */

/**
 * Longest delay that a timer takes, in milliseconds (24.8 days): it fires at
 * once for anything longer, `Infinity` too.
 */
export const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Does something when a signal is aborted, until the end of the block:
 * `using _ = onAbort(signal, close);`
 *
 * @param signal The signal, if there is one.
 * @param act What to do; not called for a signal that is aborted already.
 * @returns What stops listening when it is disposed.
 */
export function onAbort(
  signal: AbortSignal | undefined,
  act: () => void,
): Disposable {
  signal?.addEventListener("abort", act);
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", act) };
}
