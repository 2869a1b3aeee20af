/**
 * TLS 1.3 on a connection that exists already, from either end.
 *
 * As a client the runtime's own `Deno.startTls` does it, which is fast; where it
 * cannot (a Unix socket), or where the server's certificate has to be seen,
 * `node:tls` does, which is what there is for the server's part too. All of them
 * are the same TLS stack. Everything here that waits is ended by closing the
 * connection.
 *
 * @module
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { Duplex as Stream } from "node:stream";
import type { TLSSocket } from "node:tls";
import { sha256 } from "../base/digest.ts";
import { reasonOf, TransferError } from "../base/errors.ts";
import type { Duplex } from "../net/duplex.ts";
import { writeAll } from "../net/half_close.ts";
import { NodeSocketConn } from "../net/node_socket.ts";

/** What both ends say in the handshake (RFC 7301): a mix-up ends there. */
export const ALPN = "halfclose/1";

/** Nothing older: every handshake of TLS 1.3 has forward secrecy (RFC 8446). */
const MIN_VERSION = "TLSv1.3";

/** A certificate chain and the private key of its first one, both in PEM. */
export interface Certificate {
  /** The certificate, and those that lead from it to an authority. */
  cert: string;
  /** The private key. */
  key: string;
}

/** Whom a TLS client expects. */
export interface Expected {
  /** The name that the certificate must be for. */
  hostname: string;
  /** Authorities in PEM; the runtime's own where there are none. */
  ca: readonly string[];
  /** What a person can do where none of them has signed it. */
  advice?: string;
}

/**
 * Takes the server's part.
 *
 * @param under The connection, taken over; nothing of its own may follow.
 * @param certificate What to show.
 * @returns The encrypted connection.
 * @throws {TransferError} As {@linkcode refusedTls} says.
 */
export async function tlsServerEnd(
  under: NodeSocketConn | Duplex,
  { cert, key }: Certificate,
): Promise<NodeSocketConn> {
  const { createSecureContext, TLSSocket } = await import("node:tls");
  const options = {
    isServer: true,
    allowHalfOpen: true,
    ALPNProtocols: [ALPN],
    secureContext: createSecureContext({ cert, key, minVersion: MIN_VERSION }),
  };
  const gate = new Gate();
  const socket = new TLSSocket(streamOf(under, gate) as never, options);
  gate.above = socket;
  await secured(socket, "secure");
  return new NodeSocketConn(socket, gate.open);
}

/**
 * Takes the client's part, and sees the certificate.
 *
 * @param under The connection, taken over.
 * @param expected Whom to trust.
 * @returns The encrypted connection, and SHA-256 of the server's certificate.
 * @throws {TransferError} As {@linkcode refusedTls} says.
 */
export async function tlsClientEnd(
  under: NodeSocketConn | Duplex,
  { hostname, ca, advice }: Expected,
): Promise<{ conn: NodeSocketConn; hash: Uint8Array }> {
  const { connect } = await import("node:tls");
  const gate = new Gate();
  const socket = connect({
    socket: streamOf(under, gate), // whose half-open way it takes over
    ALPNProtocols: [ALPN],
    minVersion: MIN_VERSION,
    // An address is no server name (RFC 6066 section 3); it is checked all the
    // same.
    ...(isAddress(hostname) ? { host: hostname } : { servername: hostname }),
    ...(ca.length > 0 ? { ca: [...ca] } : {}),
  });
  gate.above = socket;
  await secured(socket, "secureConnect", advice);
  const { raw } = socket.getPeerCertificate();
  return { conn: new NodeSocketConn(socket, gate.open), hash: sha256(raw) };
}

/**
 * The SHA-256 of the first certificate in a PEM text.
 *
 * @param pem One certificate or a chain.
 * @returns 32 bytes.
 */
export function certificateHash(pem: string): Uint8Array {
  return sha256(new X509Certificate(pem).raw);
}

/**
 * Sees to it that a certificate can be shown.
 *
 * @param certificate Both parts of it.
 * @throws {TransferError} `usage` when one cannot be read, or is another's.
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
  const what = { doing: "use the certificate", found };
  return new TransferError("usage", what, { cause });
}

function clockSays(): string {
  return `this machine's clock says ${new Date().toISOString()}`;
}

function isAddress(hostname: string): boolean {
  return hostname.includes(":") || /^[\d.]+$/.test(hostname);
}

/** Waits for the handshake. */
async function secured(
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
    if (socket.alpnProtocol !== ALPN) throw new Error(SOMETHING_ELSE);
  } catch (error) {
    socket.destroy();
    throw refusedTls(error, advice);
  }
}

function ended(): TransferError {
  return new TransferError(
    "lost",
    { doing: "set up TLS", found: "the connection ended in the middle of it" },
  );
}

/**
 * Says why a TLS handshake failed.
 *
 * @param cause What the runtime threw.
 * @param advice What a person can do where no authority that is trusted here
 * has signed the certificate.
 * @returns `auth` for a certificate that will not do, `protocol` for a peer that
 * speaks something else, `lost` where the connection broke.
 */
export function refusedTls(cause: unknown, advice?: string): TransferError {
  if (cause instanceof TransferError) return cause;
  const found = reasonOf(cause);
  const lost = cause instanceof Deno.errors.UnexpectedEof ||
    cause instanceof Deno.errors.ConnectionReset ||
    cause instanceof Deno.errors.Interrupted ||
    cause instanceof Deno.errors.BadResource ||
    /ECONNRESET|EPIPE/.test((cause as { code?: string }).code ?? "");
  const other = speaks(found);
  return new TransferError(
    lost ? "lost" : other ? "protocol" : "auth",
    { doing: "set up TLS", found: other ?? meaning(found, advice) },
    { cause },
  );
}

/** What the peer speaks in place of ours, in words, where that is what is wrong. */
function speaks(found: string): string | undefined {
  if (/corrupt message|InvalidContentType|wrong version number/.test(found)) {
    return "the peer does not speak TLS";
  }
  const alert = /NoApplicationProtocol|any known protocol/.test(found);
  if (alert || found === SOMETHING_ELSE) return SOMETHING_ELSE;
}

const SOMETHING_ELSE = "the peer speaks something else inside TLS";

/** The TLS stack's own words for what happens most often, in plainer ones. */
function meaning(found: string, advice?: string): string {
  if (/expired|not valid yet/i.test(found)) return `${found}; ${clockSays()}`;
  if (/alert: (UnknownCA|DecryptError|.*Certificate)/.test(found)) {
    return `the other side does not trust the certificate (${found})`;
  }
  if (/UnknownIssuer|self-signed|verify/i.test(found)) {
    return "the certificate is not signed by an authority that is trusted here" +
      (advice ? ` (${advice})` : "") +
      `, or is not valid now (${found}); ${clockSays()}`;
  }
  if (/BadSignature|BadEncoding/.test(found)) {
    return `the certificate is not the one that the key gives (${found}), so ` +
      "somebody may be in between";
  }
  return found;
}

/**
 * Holds the stream below back while enough waits to be read above: the runtime's
 * TLS goes on reading it however much that is (seen in Deno 2.9.6).
 */
class Gate {
  /** What holds the decrypted bytes. */
  above: Stream | undefined;
  #wake = () => {};

  /** Says that there may be room by now. */
  readonly open = (): void => this.#wake();

  /** Resolves when there is room, or nobody to hold back for. */
  async room(): Promise<void> {
    while (this.above && !this.above.destroyed && isFull(this.above)) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

function isFull(stream: Stream): boolean {
  return stream.readableLength >= stream.readableHighWaterMark;
}

/** The stream that `node:tls` wants below it. */
function streamOf(under: NodeSocketConn | Duplex, gate: Gate): Stream {
  if (under instanceof NodeSocketConn) return under.release();
  return new Stream({
    allowHalfOpen: true,
    read() {
      const buffer = new Uint8Array(READ_BYTES);
      gate.room().then(() => under.read(buffer)).then(
        (count) => this.push(count === null ? null : buffer.subarray(0, count)),
        (error) => this.destroy(error),
      );
    },
    write(chunk: Uint8Array, _encoding, done) {
      writeAll(under, chunk).then(() => done(), done);
    },
    final(done) {
      under.closeWrite().then(() => done(), done);
    },
    destroy(error, done) {
      under.close();
      done(error);
    },
  });
}

/** Four records of TLS. */
const READ_BYTES = 65_536;
