/**
 * What a handshake gives back: the connection to talk on, and what both sides
 * must still prove on it.
 *
 * @module
 */

import type { TransferError } from "../base/errors.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Credentials } from "./auth_proof.ts";

/** A connection after its handshake. */
export interface SecuredConn {
  /** Where the conversation goes on: encrypted, or in the open. */
  readonly conn: Duplex;
  /** What both sides prove before anything else; absent without a secret. */
  readonly credentials?: Credentials;
}

/** An accepted connection after its handshake. */
export interface Admitted extends SecuredConn {
  /** Why the peer is to be refused once it has said HELLO, if it is. */
  readonly refusal?: TransferError;
}
