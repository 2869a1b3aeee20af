/**
 * TLS with a certificate for a name, as servers on the web have it, and a proof
 * of a key or a token inside.
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

/** Whom a sender trusts with `tls`. */
export interface ClientTls {
  /** Authorities in PEM, instead of those the runtime knows. */
  ca?: readonly string[];
  /** The name in the certificate. @default the host that is connected to */
  hostname?: string;
}

/** A receiver with a name. */
export interface CertificateServer {
  /** What it shows. */
  certificate: Certificate;
  /** Derived from the key or the token, for proofs. */
  secret: Uint8Array;
}

/**
 * The sender's side: TLS as a client.
 *
 * On abort: closing the connection elsewhere rejects with `lost`.
 *
 * @param conn Connected, nothing said yet.
 * @param host Whom it was connected to; `undefined` for a Unix socket.
 * @param tls Whom to trust.
 * @param secret What is to be proven inside.
 * @returns The encrypted connection.
 * @throws {TransferError} `auth` when the certificate is not right, `protocol`
 * when the receiver speaks no TLS.
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
 * The receiver's side: TLS as a server, for whoever begins it.
 *
 * On abort: closing the connection elsewhere rejects with `lost`.
 *
 * @param conn Accepted, nothing heard yet.
 * @param server What to show.
 * @returns The encrypted connection, or the one in the open with a refusal.
 * @throws {TransferError} `auth` when there is no agreement.
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

/** How every TLS conversation begins (RFC 8446 section 5.1). */
const HANDSHAKE_RECORD = 0x16;
