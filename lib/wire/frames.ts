/**
 * The frames as values, and their bounds.
 *
 * mod.ts is the specification: the header byte by byte, and when each frame may
 * be said. layouts.ts encodes the payload of each type.
 *
 * @module
 */

import type { Algorithm } from "../base/digest.ts";
import type { Code } from "../base/errors.ts";
import type { Phase } from "../model/progress.ts";
import type { Extensible } from "./extensions.ts";

/** Header length in bytes. */
export const HEADER_BYTES = 16;

/** Most data in one DATA frame: few system calls, and a cheap second copy. */
export const MAX_DATA_BYTES = 1_048_576;

/** Bytes before the data in a DATA frame: the header and the offset. */
export const DATA_HEAD_BYTES: number = HEADER_BYTES + 8;

/** Most entries that may be open and not settled; bounds both sides' memory. */
export const MAX_AHEAD = 256;

/** In place of an entry's number: the whole connection. */
export const SESSION = 0xffff_ffff;

/** Length of a transfer id in bytes. */
export const ID_BYTES = 16;

/** Length of a nonce in bytes: two are never the same by chance. */
export const NONCE_BYTES = 32;

/** Length of a proof in bytes. */
export const PROOF_BYTES = 32;

/** Longest reason in bytes. */
export const MAX_REASON_BYTES = 1_024;

/** The first frame each way. */
export interface Hello extends Extensible {
  type: "hello";
  /**
   * The transfer's id, {@linkcode ID_BYTES} long; the receiver repeats it,
   * or says zeros where it could not read the sender's HELLO.
   */
  id: Uint8Array;
  /** Features offered, as bits; unknown ones are not used. */
  features: number;
  /** Features that the other side must offer too, as bits. */
  required: number;
  /** Digest algorithms offered, as bits: bit 0 is SHA-256. */
  digests: number;
  /** Codecs for DATA offered, as bits: bit 0 is data as it is. */
  codecs: number;
}

/** A side's random number, right behind its HELLO, where there is a secret. */
export interface Nonce {
  type: "nonce";
  nonce: Uint8Array;
}

/** Says that this side has the secret: see security/auth_proof.ts. */
export interface Proof {
  type: "proof";
  proof: Uint8Array;
}

/** Announces an entry. */
export interface Open extends Extensible {
  type: "open";
  entry: number;
  kind: "file" | "directory";
  /** Where it belongs, with `/` between the parts. */
  name: string;
  /** Bytes; absent where the sender cannot know. */
  size?: number;
  /** Modification time in milliseconds since 1970; absent where unknown. */
  mtime?: number;
  /** Permission bits; absent where they are not to be kept. */
  mode?: number;
}

/** Accepts an entry, and says what is held of it. */
export interface Accept extends Extensible {
  type: "accept";
  entry: number;
  /** How many bytes of it are held already. */
  held: number;
  /** Length of each block of them but the last; 0 where nothing is held. */
  block: number;
  /** The algorithm of the digests. */
  algorithm: Algorithm;
  /** Digests of all bytes up to the end of each block, one after the other. */
  digests: Uint8Array;
}

/** A piece of an entry. */
export interface Data {
  type: "data";
  entry: number;
  /** Where in the entry they belong. */
  offset: number;
  /** A view into the buffer that was decoded. */
  bytes: Uint8Array;
}

/** Ends an entry. */
export interface End extends Extensible {
  type: "end";
  entry: number;
  /** All of its bytes, held ones included. */
  length: number;
  /** The algorithm of the digest. */
  algorithm: Algorithm;
  /** The digest of all of them. */
  digest: Uint8Array;
}

/** Says that no further entry will be opened. */
export interface Finish {
  type: "finish";
  /** How many entries this connection opened. */
  entries: number;
}

/** Says that this side is at work. */
export interface Alive {
  type: "alive";
  entry: number;
  phase: Phase;
  /** How many bytes of the entry this side has. */
  bytes: number;
}

/** Says that an entry, or the whole session, has failed. */
export interface Fail {
  type: "fail";
  entry: number;
  code: Code;
  /** Whether asking again can help. */
  retriable: boolean;
  reason: string;
}

/** Says that an entry is stored under its name. */
export interface ReceiptFrame extends Extensible {
  type: "receipt";
  entry: number;
  id: Uint8Array;
  length: number;
  /** The algorithm of the digest. */
  algorithm: Algorithm;
  digest: Uint8Array;
  /** Whether it is on stable storage. */
  durable: boolean;
  /** Whether it was there before. */
  existing: boolean;
  /** When, in milliseconds since 1970 by the receiver's clock. */
  committedAt: number;
  /** The name it has there. */
  name: string;
}

/** Everything that passes after the preface. */
export type Frame =
  | Hello
  | Nonce
  | Proof
  | Open
  | Accept
  | Data
  | End
  | Finish
  | Alive
  | Fail
  | ReceiptFrame;

/** A frame's header, checked. */
export interface Header {
  type: Frame["type"];
  entry: number;
  /** Payload length in bytes, within the bound of its type. */
  length: number;
  crc: number;
}
