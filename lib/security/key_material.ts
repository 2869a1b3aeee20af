/**
 * What both sides derive from one key, once for all connections.
 *
 * @module
 */

import { derive } from "./key.ts";
import { type KeyCertificate, keyCertificateOf } from "./key_certificate.ts";

/** What belongs to a key. */
export interface KeyMaterial {
  /** The secret of the key challenge. */
  challenge: Uint8Array;
  /** The secret of the proofs inside TLS. */
  proof: Uint8Array;
  /** Derives the certificate at the first call. */
  certificate(): Promise<KeyCertificate>;
}

/**
 * Derives what belongs to a key.
 *
 * @param key The key's 32 bytes.
 * @param make Derives the certificate. Where it fails, for want of memory say,
 * the next call tries again.
 * @returns The secrets, and the certificate for the first connection.
 */
export function keyMaterialOf(
  key: Uint8Array,
  make = keyCertificateOf,
): KeyMaterial {
  let made: Promise<KeyCertificate> | undefined;
  return {
    challenge: derive(key, "challenge"),
    proof: derive(key, "proof"),
    certificate: () =>
      made ??= make(key).catch((error) => {
        made = undefined;
        throw error;
      }),
  };
}
