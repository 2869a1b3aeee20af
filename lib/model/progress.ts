/**
 * How far a transfer is, and how often that is reported.
 *
 * @module
 */

/** How often a side that is busy reports it, in milliseconds. */
export const HEARTBEAT_MS = 250;

/** What a side that is busy is doing. */
export type Phase =
  | "reading"
  | "receiving"
  | "verifying"
  | "syncing"
  | "committing";

/** How far a transfer is. */
export interface Progress {
  /** What the receiver is doing, or `reading` where the source is slow. */
  phase: Phase;
  /**
   * How many bytes the receiver has; in raw mode, how many the kernel on this
   * side accepted, because a plain peer reports nothing.
   */
  bytes: number;
  /** How many bytes there are in all; absent where a size is unknown. */
  total?: number;
}
