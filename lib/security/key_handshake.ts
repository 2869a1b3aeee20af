/**
 * From a key to an encrypted connection on which both sides have shown it.
 *
 * The bytes are in wire/key_challenge.ts, the reasons too. Until a sender has knocked right
 * it has met nothing here but a comparison of 32 bytes.
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
import {
  challengeResponseOf,
  checkProof,
  type Credentials,
  nonce,
  type Role,
} from "./auth_proof.ts";
import { delayFailure } from "./exchange_proofs.ts";
import { derive } from "./key.ts";
import { type Identity, IDENTITY_NAME } from "./key_certificate.ts";
import type { Admitted, SecuredConn } from "./secured_conn.ts";
import { tlsClientEnd, tlsServerEnd } from "./tls.ts";
import { tlsError } from "./tls_error.ts";

/** A key, and what belongs to it. */
export interface KeyMaterial {
  /** The key's 32 bytes. */
  secret: Uint8Array;
  /** Derives it once, for all connections. */
  identity(): Promise<Identity>;
}

/**
 * The sender's side: knocks, then shows the certificate.
 *
 * On abort: closing the connection elsewhere rejects with `lost`.
 *
 * @param conn Connected, nothing said yet.
 * @param keyed The key.
 * @returns The encrypted connection, and what is to be proven on it.
 * @throws {TransferError} `auth` when the receiver has another key or none.
 */
export async function senderKeyHandshake(
  conn: NodeSocketConn,
  { secret, identity }: KeyMaterial,
): Promise<SecuredConn> {
  const derived = identity(); // while the challenge is on its way
  derived.catch(() => {}); // looked at below, once the challenge was answered
  try {
    await answerChallenge(conn, secret);
  } finally {
    await Promise.allSettled([derived]); // leaves nothing running behind
  }
  const { cert, key, hash } = await derived;
  return {
    conn: await tlsServerEnd(conn, { cert, key }),
    credentials: credentialsOf("sender", secret, hash),
  };
}

/** Knocks, and returns when the receiver begins TLS. */
async function answerChallenge(
  conn: NodeSocketConn,
  secret: Uint8Array,
): Promise<void> {
  const own = nonce();
  await writeAll(conn, encodeKeyChallenge(own));
  const theirs = await hearAnswer(conn);
  await writeAll(
    conn,
    challengeResponseOf(derive(secret, "challenge"), own, theirs),
  );
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

/** Hears the receiver's nonce, or who it is instead. */
async function hearAnswer(conn: NodeSocketConn): Promise<Uint8Array> {
  const bytes = await hearHead(conn);
  if (isKeyChallenge(bytes)) {
    const theirs = new Uint8Array(NONCE_BYTES);
    if (await readExactly(conn, theirs)) return theirs;
  }
  if (bytes.length > 0 && isKeyChallenge(bytes) === false) {
    checkPreface(bytes); // says who it is, unless it is one of us
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
 * The receiver's side: answers the challenge, then checks the certificate.
 *
 * On abort: closing the connection elsewhere rejects with `lost`.
 *
 * @param conn Accepted, nothing heard yet.
 * @param keyed The key.
 * @param onConn Hears which connection to close from now on to end the wait.
 * @returns The encrypted connection, or one in the open with a refusal.
 * @throws {TransferError} `auth` when the sender has another key.
 */
export async function receiverKeyHandshake(
  conn: Duplex,
  { secret, identity }: KeyMaterial,
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
  const right = challengeResponseOf(
    derive(secret, "challenge"),
    theirs,
    own,
  );
  await delayFailure(() => checkProof(proof, right, "sender"));
  const { cert, hash } = await identity();
  return {
    conn: await startClient(conn, cert, onConn),
    credentials: credentialsOf("receiver", secret, hash),
  };
}

/** Begins TLS as its client: by the runtime itself where it can. */
async function startClient(
  conn: Duplex,
  cert: string,
  onConn: (conn: Duplex) => void,
): Promise<Duplex> {
  const hostname = IDENTITY_NAME;
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

/** Reads the first bytes, no more than tell whether the peer knocks. */
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

function credentialsOf(
  role: Role,
  secret: Uint8Array,
  binding: Uint8Array,
): Credentials {
  return { role, secret: derive(secret, "proof"), binding };
}
