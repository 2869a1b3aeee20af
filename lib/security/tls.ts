/**
 * TLS 1.3 on a connection that exists already, from either end.
 *
 * A client uses the runtime's own `Deno.startTls`, which is fast
 * (key_handshake.ts). On a Unix socket, where the server's certificate must be
 * seen, and as a server only `node:tls` can do it; that is what this file uses.
 * Both are the same TLS stack.
 *
 * @module
 */

import type { TLSSocket } from "node:tls";
import { sha256 } from "../base/digest.ts";
import { TransferError } from "../base/errors.ts";
import type { Duplex } from "../net/duplex.ts";
import { NodeSocketConn } from "../net/node_socket.ts";
import { ALPN_OFFER } from "../wire/preface.ts";
import type { Certificate } from "./certificate.ts";
import { OTHER_PROTOCOL, tlsError } from "./tls_error.ts";
import { ReadGate, streamOf } from "./tls_stream.ts";

/** Nothing older: every handshake of TLS 1.3 has forward secrecy (RFC 8446). */
const MIN_VERSION = "TLSv1.3";

/** Which server a TLS client trusts. */
export interface Expected {
  /** The name that the certificate must be for. */
  hostname: string;
  /** Authorities in PEM; the runtime's own where there are none. */
  ca: readonly string[];
  /** What a person can do where none of them has signed the certificate. */
  advice?: string;
}

/**
 * Sets up TLS as the server.
 *
 * On abort: closing the connection rejects with `lost`.
 *
 * @param under The connection, taken over; nobody else may read or write it.
 * @param certificate The certificate to show.
 * @returns The encrypted connection.
 * @throws {TransferError} As {@linkcode tlsError} says.
 */
export async function tlsServerEnd(
  under: NodeSocketConn | Duplex,
  { cert, key }: Certificate,
): Promise<NodeSocketConn> {
  const { createSecureContext, TLSSocket } = await import("node:tls");
  const options = {
    isServer: true,
    allowHalfOpen: true,
    ALPNProtocols: [...ALPN_OFFER],
    secureContext: createSecureContext({ cert, key, minVersion: MIN_VERSION }),
  };
  const gate = new ReadGate();
  const socket = new TLSSocket(streamOf(under, gate) as never, options);
  gate.above = socket;
  await handshake(socket, "secure");
  return new NodeSocketConn(socket, gate.open);
}

/**
 * Sets up TLS as the client.
 *
 * On abort: closing the connection rejects with `lost`.
 *
 * @param under The connection, taken over; nobody else may read or write it.
 * @param expected Which server to trust.
 * @returns The encrypted connection, and SHA-256 of the server's certificate.
 * @throws {TransferError} As {@linkcode tlsError} says.
 */
export async function tlsClientEnd(
  under: NodeSocketConn | Duplex,
  { hostname, ca, advice }: Expected,
): Promise<{ conn: NodeSocketConn; hash: Uint8Array }> {
  const { connect } = await import("node:tls");
  const gate = new ReadGate();
  const socket = connect({
    socket: streamOf(under, gate), // its allowHalfOpen holds for TLS too
    ALPNProtocols: [...ALPN_OFFER],
    minVersion: MIN_VERSION,
    // SNI takes no address (RFC 6066 section 3); the certificate is checked
    // against it all the same.
    ...(isAddress(hostname) ? { host: hostname } : { servername: hostname }),
    ...(ca.length > 0 ? { ca: [...ca] } : {}),
  });
  gate.above = socket;
  await handshake(socket, "secureConnect", advice);
  const { raw } = socket.getPeerCertificate();
  return { conn: new NodeSocketConn(socket, gate.open), hash: sha256(raw) };
}

function isAddress(hostname: string): boolean {
  return hostname.includes(":") || /^[\d.]+$/.test(hostname);
}

/** Waits until the handshake is done, and checks which protocol it chose. */
async function handshake(
  socket: TLSSocket,
  event: string,
  advice?: string,
): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(event, resolve);
      socket.once("error", reject);
      socket.once("end", () => reject(ended()));
      socket.once("close", () => reject(ended()));
    });
    const chosen = socket.alpnProtocol || "";
    if (!ALPN_OFFER.includes(chosen)) throw new Error(OTHER_PROTOCOL);
  } catch (error) {
    socket.destroy();
    throw tlsError(error, advice);
  }
}

function ended(): TransferError {
  return new TransferError(
    "lost",
    { doing: "set up TLS", found: "the connection ended in the middle of it" },
  );
}
