/**
 * Which partial files are kept, as both sides know it.
 *
 * @module
 */

/**
 * Least bytes of a file for which a receiver keeps a partial, in bytes, and for
 * which a sender may say that repeating it goes on from there. A guess: less is
 * sent again in a moment, and costs less than finding and proving it.
 */
export const RESUME_BYTES = 1_048_576;
