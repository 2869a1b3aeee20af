/**
 * How a connection is secured: what can be asked for, and which handshake does
 * it.
 *
 * - a `key`: both sides derive everything from it (key_handshake.ts);
 * - `tls`: a certificate for the receiver's name, and a `key` or a `token` that
 *   is proven inside (certificate_handshake.ts);
 * - neither: unencrypted, for this machine and for tunnels such as SSH.
 *
 * A side never accepts less than it asked for, whatever a peer says.
 *
 * @module
 */

import { type Explanation, TransferError } from "../base/errors.ts";
import type { Duplex } from "../net/duplex.ts";
import type { NodeSocketConn } from "../net/node_socket.ts";
import { type Certificate, checkCertificate } from "./certificate.ts";
import {
  type CertificateServer,
  type ClientTls,
  receiverCertificateHandshake,
  senderCertificateHandshake,
} from "./certificate_handshake.ts";
import { derive, keyBytesOf } from "./key.ts";
import { receiverKeyHandshake, senderKeyHandshake } from "./key_handshake.ts";
import { keyMaterialOf } from "./key_material.ts";
import type { Admitted, SecuredConn } from "./secured_conn.ts";
import { type Conflict, conflictOf } from "./secret_rules.ts";

/** How {@linkcode send} and {@linkcode sendAll} secure their connections. */
export interface SenderSecurity {
  /**
   * The key that the receiver has too: the text that {@linkcode generateKey}
   * makes, or the 32 bytes that it stands for.
   */
  key?: string | Uint8Array;
  /**
   * Which certificate to expect of the receiver. The key or the token is proven
   * inside TLS.
   */
  tls?: ClientTls;
  /** In place of a key with `tls`: any secret of 16 characters or more. */
  token?: string;
}

/** How {@linkcode serve} and {@linkcode receive} secure their connections. */
export interface ReceiverSecurity {
  /**
   * The key that senders must have: the text that {@linkcode generateKey}
   * makes, or the 32 bytes that it stands for.
   */
  key?: string | Uint8Array;
  /** A certificate for this receiver's name, and its key, in PEM. */
  tls?: Certificate;
  /** In place of a key with `tls`: any secret of 16 characters or more. */
  token?: string;
}

/** The sender's side of a handshake, with the secrets for it. */
export interface SenderGuard {
  /**
   * Runs the handshake.
   *
   * @param conn The connection, with nothing read or written yet.
   * @param hostname The host it was connected to; `undefined` for a Unix
   * socket.
   * @returns The connection to talk on, and what is to be proven on it.
   */
  handshake(
    conn: NodeSocketConn,
    hostname: string | undefined,
  ): Promise<SecuredConn>;
}

/** The receiver's side of a handshake, with the secrets for it. */
export interface ReceiverGuard {
  /**
   * Runs the handshake.
   *
   * @param conn The connection, with nothing read or written yet.
   * @param onConn Gets the connection that must be closed from then on to end
   * the wait.
   * @returns The connection to talk on, and what is to be proven on it; or the
   * unencrypted one, and why its peer is refused.
   */
  handshake(conn: Duplex, onConn: (conn: Duplex) => void): Promise<Admitted>;
}

/**
 * Chooses the sender's handshake, and parses its secret once.
 *
 * @param options What was asked for.
 * @returns The handshake, or `undefined` for none.
 * @throws {TransferError} `usage` for options that do not go together, and for
 * a key or a token that cannot be used.
 */
export function senderGuard(options: SenderSecurity): SenderGuard | undefined {
  const { key, tls } = options;
  checkTogether(options);
  if (tls) {
    const secret = secretOf(options);
    return {
      handshake: (conn, host) =>
        senderCertificateHandshake(conn, host, tls, secret),
    };
  }
  if (key === undefined) return undefined;
  const keyed = keyMaterialOf(keyBytesOf(key));
  return { handshake: (conn) => senderKeyHandshake(conn, keyed) };
}

/**
 * Chooses the receiver's handshake, and parses its secret once.
 *
 * @param options What was asked for; with `raw`, plain streams.
 * @returns The handshake, or `undefined` for none.
 * @throws {TransferError} `usage` for options that do not go together, and for
 * a key, a token or a certificate that cannot be used.
 */
export function receiverGuard(
  options: ReceiverSecurity & { raw?: boolean },
): ReceiverGuard | undefined {
  const { key, tls } = options;
  checkTogether(options);
  if (tls) {
    checkCertificate(tls);
    const server: CertificateServer = {
      certificate: tls,
      secret: secretOf(options),
    };
    return { handshake: (conn) => receiverCertificateHandshake(conn, server) };
  }
  if (key === undefined) return undefined;
  const keyed = keyMaterialOf(keyBytesOf(key));
  return {
    handshake: (conn, onConn) => receiverKeyHandshake(conn, keyed, onConn),
  };
}

/** Least length of a token, in characters: a shorter one can be guessed. */
const MIN_TOKEN_CHARACTERS = 16;

/** What both sides' options have in common. */
interface Secrets {
  key?: string | Uint8Array;
  tls?: unknown;
  token?: string;
}

/** The library's words for options that do not go together. */
const CONFLICTS: Readonly<Record<Conflict, Explanation>> = {
  "raw-and-secured": {
    doing: "serve raw streams with a key or a certificate",
    found: "plain TCP has neither",
  },
  "key-and-token": secure("a key and a token exclude each other"),
  "token-without-tls": secure(
    "a token is for TLS with a certificate; without one use a key",
  ),
  "tls-without-secret": secure(
    "TLS shows who the receiver is and not who the sender is: a key or a " +
      "token must go with it",
  ),
};

function secure(found: string): Explanation {
  return { doing: "secure the connection", found };
}

function checkTogether(
  { key, token, tls, raw = false }: Secrets & { raw?: boolean },
): void {
  const conflict = conflictOf({
    key: key !== undefined,
    token: token !== undefined,
    tls: Boolean(tls),
    raw,
  });
  if (conflict) throw new TransferError("usage", CONFLICTS[conflict]);
}

/** The secret that is proven inside TLS, derived from the key or the token. */
function secretOf({ key, token = "" }: Secrets): Uint8Array {
  if (key !== undefined) return derive(keyBytesOf(key), "proof");
  const trimmed = token.trim();
  if (trimmed.length < MIN_TOKEN_CHARACTERS) {
    throw new TransferError(
      "usage",
      secure(
        `the token has ${trimmed.length} characters and must have ` +
          `${MIN_TOKEN_CHARACTERS} at least`,
      ),
    );
  }
  return derive(new TextEncoder().encode(trimmed), "token");
}
