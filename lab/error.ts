/**
 * The lab's own failures.
 *
 * @module
 */

/**
 * An experiment could not be made, so there is no evidence. What a call under
 * test answers is never one of these: that is evidence.
 */
export class LabError extends Error {
  override name = "LabError";
}
