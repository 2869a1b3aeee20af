/**
 * The numbers that digest algorithms and codecs have on the wire.
 *
 * @module
 */

import type { Algorithm } from "../base/digest.ts";

/** A codec of DATA: `identity` is data as it is, the only one so far. */
export type Codec = "identity";

/**
 * Number of each digest algorithm, from 1 to 16. HELLO offers number n by bit
 * n - 1 of `digests`.
 */
const DIGEST_NUMBERS: Readonly<Record<Algorithm, number>> = { sha256: 1 };

/** The digest algorithms by their numbers. */
export const DIGESTS: ReadonlyMap<number, Algorithm> = new Map(
  Object.entries(DIGEST_NUMBERS).map(([name, number]) => [
    number,
    name as Algorithm,
  ]),
);

/** The digest algorithms that both sides prefer, the best first. */
export const DIGEST_PREFERENCE: readonly Algorithm[] = ["sha256"];

/** The bit of `codecs` in HELLO that offers each codec. */
export const CODEC_BITS: Readonly<Record<Codec, number>> = { identity: 1 };

/** The codecs that both sides prefer, the best first. */
export const CODEC_PREFERENCE: readonly Codec[] = ["identity"];

/**
 * Gives the bit of `digests` in HELLO that offers an algorithm.
 *
 * @param algorithm The algorithm.
 * @returns A number with one bit set.
 */
export function digestBit(algorithm: Algorithm): number {
  return 1 << (DIGEST_NUMBERS[algorithm] - 1);
}
