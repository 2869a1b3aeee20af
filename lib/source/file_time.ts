/**
 * A file's times, as far as a `Date` can hold them.
 *
 * Some file systems take times that no `Date` has: it is invalid then, and
 * NaN, which differs even from itself.
 *
 * @module
 */

/**
 * The time in a file's `mtime` or `ctime`.
 *
 * @param date What the runtime says.
 * @returns Milliseconds since 1970, or `undefined` where it cannot say.
 */
export function timeOf(date: Date | null | undefined): number | undefined {
  const time = date?.getTime();
  return Number.isNaN(time) ? undefined : time;
}
