/**
 * The handshake of two sides that have the same key: the key challenge, then
 * TLS with the certificate that both derive from it.
 *
 * wire/key_challenge.ts has the bytes and the reasons. Until a sender has
 * answered the challenge, all it reaches here is a comparison of 32 bytes.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import { type Duplex, readSome } from "../net/duplex.ts";
import { readExactly, writeAll } from "../net/half_close.ts";
import type { NodeSocketConn } from "../net/node_socket.ts";
import { Pushback } from "../net/pushback.ts";
import { NONCE_BYTES, PROOF_BYTES } from "../wire/frames.ts";
import {
  encodeKeyChallenge,
  isKeyChallenge,
  KEYED_PREFACE,
} from "../wire/key_challenge.ts";
import { ALPN, checkPreface, PREFACE } from "../wire/preface.ts";
import { challengeResponseOf, checkProof, nonce } from "./auth_proof.ts";
import { delayFailure } from "./exchange_proofs.ts";
import { KEY_CERTIFICATE_NAME } from "./key_certificate.ts";
import type { KeyMaterial } from "./key_material.ts";
import type { Admitted, SecuredConn } from "./secured_conn.ts";
import { tlsClientEnd, tlsServerEnd } from "./tls.ts";
import { tlsError } from "./tls_error.ts";

/**
 * The sender's side: answers the key challenge, then shows the certificate.
 *
 * On abort: closing the connection rejects with `lost`.
 *
 * @param conn The connection, with nothing read or written yet.
 * @param keyed What belongs to the key.
 * @returns The encrypted connection, and what is to be proven on it.
 * @throws {TransferError} `auth` when the receiver has another key or none,
 * `protocol` when it speaks another protocol, `lost` when the connection broke.
 */
export async function senderKeyHandshake(
  conn: NodeSocketConn,
  keyed: KeyMaterial,
): Promise<SecuredConn> {
  const derived = keyed.certificate(); // while the challenge is on its way
  derived.catch(() => {}); // awaited below, once the challenge was answered
  try {
    await answerChallenge(conn, keyed.challenge);
  } finally {
    await Promise.allSettled([derived]); // leaves nothing running behind
  }
  const { cert, key, hash } = await derived;
  return {
    conn: await tlsServerEnd(conn, { cert, key }),
    credentials: { role: "sender", secret: keyed.proof, binding: hash },
  };
}

/** Goes through the key challenge, up to the first byte of TLS. */
async function answerChallenge(
  conn: NodeSocketConn,
  secret: Uint8Array,
): Promise<void> {
  const own = nonce();
  await writeAll(conn, encodeKeyChallenge(own));
  const theirs = await hearAnswer(conn);
  await writeAll(conn, challengeResponseOf(secret, own, theirs));
  const first = new Uint8Array(1);
  if (!await readExactly(conn, first)) {
    throw new TransferError(
      "lost",
      { doing: "agree on the key", found: "the receiver ended without a word" },
    );
  }
  if (first[0] === PREFACE[0]) throw otherKey(); // a refusal, unencrypted
  conn.unread(first);
}

/** Reads the receiver's nonce, and throws for any other answer. */
async function hearAnswer(conn: NodeSocketConn): Promise<Uint8Array> {
  const bytes = await hearHead(conn);
  if (isKeyChallenge(bytes)) {
    const theirs = new Uint8Array(NONCE_BYTES);
    if (await readExactly(conn, theirs)) return theirs;
  }
  if (bytes.length > 0 && isKeyChallenge(bytes) === false) {
    checkPreface(bytes); // throws unless it is a receiver without a key
    throw new TransferError(
      "auth",
      {
        doing: "agree on the key",
        found: "the receiver was started without a key; start it with the " +
          "same key, or send without one (with --tls, where it has a " +
          "certificate)",
      },
    );
  }
  throw new TransferError(
    "lost",
    {
      doing: "agree on the key",
      found: "the receiver ended without an answer",
    },
  );
}

function otherKey(): TransferError {
  return new TransferError(
    "auth",
    {
      doing: "agree on the key",
      found: "the receiver has another key, or somebody in between says " +
        "so",
    },
  );
}

/**
 * The receiver's side: poses the key challenge, then checks the certificate.
 *
 * On abort: closing the connection rejects with `lost`.
 *
 * @param conn The connection, with nothing read or written yet.
 * @param keyed What belongs to the key.
 * @param onConn Gets the encrypted connection before its handshake is over:
 * from then on that one must be closed to end the wait.
 * @returns The encrypted connection, or the unencrypted one with a refusal.
 * @throws {TransferError} `auth` when the sender has another key, `lost` when
 * the connection broke.
 */
export async function receiverKeyHandshake(
  conn: Duplex,
  keyed: KeyMaterial,
  onConn: (conn: Duplex) => void,
): Promise<Admitted> {
  const head = await hearHead(conn);
  if (!isKeyChallenge(head)) {
    const refusal = new TransferError(
      "auth",
      {
        doing: "take this sender",
        found: "this receiver takes only those that have its key; " +
          "--key-file gives it to a sender",
      },
    );
    return { conn: new Pushback(conn, head), refusal };
  }
  const theirs = new Uint8Array(NONCE_BYTES),
    proof = new Uint8Array(PROOF_BYTES);
  if (!await readExactly(conn, theirs)) throw leftEarly();
  const own = nonce();
  await writeAll(conn, encodeKeyChallenge(own));
  if (!await readExactly(conn, proof)) throw leftEarly();
  const right = challengeResponseOf(keyed.challenge, theirs, own);
  await delayFailure(() => checkProof(proof, right, "sender"));
  const { cert, hash } = await keyed.certificate();
  return {
    conn: await startClient(conn, cert, onConn),
    credentials: { role: "receiver", secret: keyed.proof, binding: hash },
  };
}

/** Begins TLS as its client, by the runtime's own means where it has them. */
async function startClient(
  conn: Duplex,
  cert: string,
  onConn: (conn: Duplex) => void,
): Promise<Duplex> {
  const hostname = KEY_CERTIFICATE_NAME;
  if (!isTcp(conn)) {
    return (await tlsClientEnd(conn, { hostname, ca: [cert] })).conn;
  }
  try {
    const caCerts = [cert], alpnProtocols = [ALPN];
    const tls = await Deno.startTls(conn, { hostname, caCerts, alpnProtocols });
    onConn(tls);
    await tls.handshake();
    return tls;
  } catch (cause) {
    throw tlsError(cause);
  }
}

function isTcp(conn: Duplex): conn is Deno.TcpConn {
  const addr = (conn as Partial<Deno.Conn>).remoteAddr;
  return addr?.transport === "tcp" && "setNoDelay" in conn;
}

function leftEarly(): TransferError {
  return new TransferError(
    "lost",
    {
      doing: "agree on the key",
      found: "the sender ended in the middle of it",
    },
  );
}

/** Reads no more bytes than tell whether the peer sends a key challenge. */
async function hearHead(conn: Duplex): Promise<Uint8Array> {
  const head = new Uint8Array(KEYED_PREFACE.length);
  let filled = 0;
  while (isKeyChallenge(head.subarray(0, filled)) === undefined) {
    const count = await readSome(conn, head.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return head.subarray(0, filled);
}
