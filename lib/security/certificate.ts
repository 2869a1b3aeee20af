/**
 * Certificates in PEM: whether a server can show one, and its digest.
 *
 * @module
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { sha256 } from "../base/digest.ts";
import { reasonOf, TransferError } from "../base/errors.ts";

/** A certificate chain and the private key of its first one, both in PEM. */
export interface Certificate {
  /** The certificate, and those that lead from it to an authority. */
  cert: string;
  /** The private key. */
  key: string;
}

/**
 * Checks that a server can use a certificate.
 *
 * @param certificate The chain and the private key.
 * @throws {TransferError} `usage` when one of them cannot be read, when the key
 * belongs to another certificate, or when it is not valid now.
 */
export function checkCertificate({ cert, key }: Certificate): void {
  let found: X509Certificate, fits: boolean;
  try {
    found = new X509Certificate(cert);
    fits = found.checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw unusable(
      `${reasonOf(cause)}; both it and its key must be PEM`,
      cause,
    );
  }
  if (!fits) throw unusable("the private key does not belong to it");
  const { validFrom, validTo } = found, now = Date.now();
  if (now < Date.parse(validFrom) || now > Date.parse(validTo)) {
    throw unusable(
      `it is valid from ${validFrom} to ${validTo}; ${clockSays()}`,
    );
  }
}

function unusable(found: string, cause?: unknown): TransferError {
  const doing = "use the certificate";
  return new TransferError("usage", { doing, found }, { cause });
}

/**
 * Gives this machine's time, which decides whether a certificate is valid.
 *
 * @returns Words for an error's message.
 */
export function clockSays(): string {
  return `this machine's clock says ${new Date().toISOString()}`;
}

/**
 * Computes the SHA-256 of the first certificate in a PEM text.
 *
 * @param pem One certificate or a chain.
 * @returns 32 bytes.
 */
export function certificateHash(pem: string): Uint8Array {
  return sha256(new X509Certificate(pem).raw);
}
