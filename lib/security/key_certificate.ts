/**
 * The TLS certificate that both sides derive from one key.
 *
 * The same key gives the same certificate, to the byte, so each side knows the
 * other's without exchanging anything. Its name ends in `.invalid`, which no
 * public authority signs (RFC 6761 section 6.4): besides the certificate it is
 * given the runtime trusts its own roots, and none of them can have signed this
 * name. It is valid at any time, because what makes it valid is the key, and a
 * machine whose clock has stopped must be reachable too.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { sha256 } from "../base/digest.ts";
import type { Certificate } from "./certificate.ts";
import { derive } from "./key.ts";

/** A self-signed certificate and its private key. */
export interface KeyCertificate extends Certificate {
  /** SHA-256 of the certificate's DER. */
  hash: Uint8Array;
}

/** The name in the certificate, which the TLS client expects. */
export const KEY_CERTIFICATE_NAME = "peer.halfclose.invalid";

/** An Ed25519 private key in PKCS #8, up to its 32 bytes (RFC 8410). */
const PKCS8_HEAD = "302e020100300506032b657004220420";

/**
 * Derives the certificate that belongs to a key.
 *
 * @param key The key's 32 bytes.
 * @returns The same certificate for the same key.
 */
export async function keyCertificateOf(
  key: Uint8Array,
): Promise<KeyCertificate> {
  // Loaded only where there is a key; x509 needs the other loaded first.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const pkcs8 = Buffer.concat([
    Buffer.from(PKCS8_HEAD, "hex"),
    derive(key, "identity"),
  ]);
  const algorithm = { name: "Ed25519" };
  const privateKey = await crypto.subtle.importKey(
    "pkcs8",
    new Uint8Array(pkcs8),
    algorithm,
    false,
    ["sign"],
  );
  const pem = x509.PemConverter.encode(pkcs8, "PRIVATE KEY");
  const spki = createPublicKey(createPrivateKey(pem))
    .export({ format: "der", type: "spki" });
  const publicKey = await crypto.subtle.importKey(
    "spki",
    new Uint8Array(spki),
    algorithm,
    true,
    ["verify"],
  );
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=halfclose",
    notBefore: new Date("1970-01-01T00:00:00Z"),
    // "No well-defined expiration date", RFC 5280 section 4.1.2.5.
    notAfter: new Date("9999-12-31T23:59:59Z"),
    signingAlgorithm: algorithm,
    keys: { privateKey, publicKey },
    extensions: [
      // rustls takes no authority's certificate for a server's own.
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: KEY_CERTIFICATE_NAME },
      ]),
    ],
  }, crypto);
  return {
    cert: cert.toString("pem"),
    key: pem,
    hash: sha256(new Uint8Array(cert.rawData)),
  };
}
