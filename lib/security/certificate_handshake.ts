/**
 * The handshake with a certificate for the receiver's name, as servers on the
 * web have it. The key or the token is proven inside.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import { type Duplex, readSome } from "../net/duplex.ts";
import type { NodeSocketConn } from "../net/node_socket.ts";
import { Pushback } from "../net/pushback.ts";
import { type Certificate, certificateHash } from "./certificate.ts";
import type { Admitted, SecuredConn } from "./secured_conn.ts";
import { tlsClientEnd, tlsServerEnd } from "./tls.ts";

/** Which certificate a sender trusts with `tls`. */
export interface ClientTls {
  /** Authorities in PEM. @default the runtime's own */
  ca?: readonly string[];
  /** The name in the certificate. @default the target's host */
  hostname?: string;
}

/** What a receiver with a certificate has. */
export interface CertificateServer {
  /** The certificate to show. */
  certificate: Certificate;
  /** The secret of the proofs, derived from the key or the token. */
  secret: Uint8Array;
}

/**
 * The sender's side: TLS as a client.
 *
 * On abort: closing the connection rejects with `lost`.
 *
 * @param conn The connection, with nothing read or written yet.
 * @param host The host it was connected to; `undefined` for a Unix socket.
 * @param tls Which certificate to trust.
 * @param secret The secret of the proofs, derived from the key or the token.
 * @returns The encrypted connection, and what is to be proven on it.
 * @throws {TransferError} `auth` when the certificate is not trusted,
 * `protocol` when the receiver speaks no TLS, `usage` for a Unix socket, which
 * has no name.
 */
export async function senderCertificateHandshake(
  conn: NodeSocketConn,
  host: string | undefined,
  { ca = [], hostname = host }: ClientTls,
  secret: Uint8Array,
): Promise<SecuredConn> {
  if (hostname === undefined) {
    throw new TransferError(
      "usage",
      {
        doing: "check a certificate on a Unix socket",
        found: "it has no host name; a key without TLS would do",
      },
    );
  }
  const expected = { hostname, ca, advice: "--ca PATH names another" };
  const { conn: tls, hash } = await tlsClientEnd(conn, expected);
  const credentials = { role: "sender", secret, binding: hash } as const;
  return { conn: tls, credentials };
}

/**
 * The receiver's side: TLS as a server, for any peer that begins it.
 *
 * On abort: closing the connection rejects with `lost`.
 *
 * @param conn The connection, with nothing read or written yet.
 * @param server The certificate and the secret.
 * @returns The encrypted connection, and what is to be proven on it; or the
 * unencrypted one with a refusal, where the peer does not begin TLS.
 * @throws {TransferError} `auth` or `protocol` when the handshake fails, `lost`
 * when the connection broke.
 */
export async function receiverCertificateHandshake(
  conn: Duplex,
  { certificate, secret }: CertificateServer,
): Promise<Admitted> {
  const first = new Uint8Array(1);
  const count = await readSome(conn, first);
  const whole = new Pushback(conn, first.subarray(0, count ?? 0));
  if (count === null || first[0] !== HANDSHAKE_RECORD) {
    const refusal = new TransferError(
      "auth",
      {
        doing: "take this sender",
        found: "this receiver takes only what comes through TLS to its " +
          "certificate; --tls makes a sender do that",
      },
    );
    return { conn: whole, refusal };
  }
  const tls = await tlsServerEnd(whole, certificate);
  const binding = certificateHash(certificate.cert);
  const credentials = { role: "receiver", secret, binding } as const;
  return { conn: tls, credentials };
}

/** The first byte of every TLS connection (RFC 8446 section 5.1). */
const HANDSHAKE_RECORD = 0x16;
