/**
 * How a connection is kept from others: what can be asked for, and which way it
 * is brought about.
 *
 * - a `key`: both sides derive everything from it (key_handshake.ts);
 * - `tls` with a certificate that has a name, and in it a `key` or a `token`;
 * - neither: in the open, which is for this machine and for other tunnels.
 *
 * What is asked for is never traded for less, whatever a peer says.
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
import { derive, parseKey } from "./key.ts";
import { type Identity, keyCertificateOf } from "./key_certificate.ts";
import {
  type KeyMaterial,
  receiverKeyHandshake,
  senderKeyHandshake,
} from "./key_handshake.ts";
import type { Admitted, SecuredConn } from "./secured_conn.ts";
import { type Conflict, conflictOf } from "./secret_rules.ts";

/** What {@linkcode send} and {@linkcode sendAll} can be told. */
export interface SenderSecurity {
  /** The key that the receiver has too, as {@linkcode generateKey} writes it. */
  key?: string;
  /**
   * Expects a receiver with a certificate for its name, and proves the key or
   * the token inside.
   */
  tls?: ClientTls;
  /** In place of a key with `tls`: any secret of 16 characters or more. */
  token?: string;
}

/** What {@linkcode serve} and {@linkcode receive} can be told. */
export interface ReceiverSecurity {
  /** The key that senders must have, as {@linkcode generateKey} writes it. */
  key?: string;
  /** A certificate for this receiver's name, and its key, in PEM. */
  tls?: Certificate;
  /** In place of a key with `tls`: any secret of 16 characters or more. */
  token?: string;
}

/** Makes a sender's connection safe, or leaves it as it is. */
export interface SenderGuard {
  /**
   * Agrees with the receiver.
   *
   * @param conn Connected a moment ago.
   * @param hostname Whom it was connected to.
   * @returns The connection to talk on, with what must be proven on it.
   */
  handshake(
    conn: NodeSocketConn,
    hostname: string | undefined,
  ): Promise<SecuredConn>;
}

/** Makes a receiver's connection safe, or says why it will not be taken. */
export interface ReceiverGuard {
  /**
   * Agrees with whoever came.
   *
   * @param conn Accepted a moment ago.
   * @param onConn Hears which connection to close from now on to end the wait.
   */
  handshake(conn: Duplex, onConn: (conn: Duplex) => void): Promise<Admitted>;
}

/**
 * Finds out how a sender is to be kept safe.
 *
 * @param options What was asked for.
 * @returns The way, or `undefined` for none.
 * @throws {TransferError} `usage` for what does not go together.
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
  const keyed = keyedOf(parseKey(key));
  return { handshake: (conn) => senderKeyHandshake(conn, keyed) };
}

/**
 * Finds out how a receiver is to be kept safe.
 *
 * @param options What was asked for; with `raw`, plain streams.
 * @returns The way, or `undefined` for none.
 * @throws {TransferError} `usage` for what does not go together.
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
  const keyed = keyedOf(parseKey(key));
  return {
    handshake: (conn, onConn) => receiverKeyHandshake(conn, keyed, onConn),
  };
}

/**
 * A key with its identity, derived by the first connection that needs it. One
 * that cannot have it, for want of memory say, leaves the next one to try.
 *
 * @param secret The key's 32 bytes.
 * @param make Derives it.
 * @returns Both.
 */
export function keyedOf(
  secret: Uint8Array,
  make = keyCertificateOf,
): KeyMaterial {
  let made: Promise<Identity> | undefined;
  const identity = () =>
    made ??= make(secret).catch((error) => {
      made = undefined;
      throw error;
    });
  return { secret, identity };
}

/** Least length of a token: what can be guessed will be. */
const MIN_TOKEN_CHARACTERS = 16;

/** What the two kinds of security have in common. */
interface Secrets {
  key?: string;
  tls?: unknown;
  token?: string;
}

/** The library's words for what does not go together. */
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

/** What is to be proven inside TLS: from the key, or from the token. */
function secretOf({ key, token = "" }: Secrets): Uint8Array {
  if (key !== undefined) return derive(parseKey(key), "proof");
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
