/**
 * What reading a source means.
 *
 * @module
 */

import type { Digest } from "../base/digest.ts";

/** Something with a `read` like Deno's: `Deno.stdin`, an open file, a pipe. */
export interface ByteReader {
  /** Reads some bytes and says how many; `null` at the end. */
  read(into: Uint8Array): Promise<number | null>;
}

/** A source while it is read. */
export interface Reading extends ByteReader, AsyncDisposable {
  /** Where it begins, and the digest of all before that: 0 for most. */
  readonly origin: { readonly offset: number; readonly digest: Digest };
  /** How far it can go back from where it is, in bytes. */
  readonly maxRewind: number;
  /**
   * Goes to an offset that was read before, or to its origin.
   *
   * @param offset Counted from the start of the source.
   */
  seek(offset: number): Promise<void>;
  /** Learns the digest of all before an offset, to begin there another time. */
  mark?(offset: number, digest: Digest): void;
  /**
   * Says whether what was read is what is there now.
   *
   * @throws {TransferError} `source-changed` when it moved while it was read.
   */
  verify(): Promise<void>;
}
