/**
 * How a source is read.
 *
 * @module
 */

import type { Digest } from "../base/digest.ts";

/** Something with a `read` like Deno's: `Deno.stdin`, an open file, a pipe. */
export interface ByteReader {
  /**
   * Reads some bytes.
   *
   * On abort: an aborted transfer does not wait for it. What it reads then is
   * not used, and is not given back.
   *
   * @param into Where they go.
   * @returns How many were read, at least one; `null` at the end.
   * @throws Anything when the source fails. The transfer fails with a
   * `TransferError` as it is, and with `source` for any other error,
   * which is its cause.
   */
  read(into: Uint8Array): Promise<number | null>;
}

/** A source while it is read. */
export interface Reading extends ByteReader, AsyncDisposable {
  /** The offset where it begins, mostly 0, and the digest of all before it. */
  readonly origin: { readonly offset: number; readonly digest: Digest };
  /** How many bytes before the last one read `seek()` can go back to. */
  readonly maxRewind: number;
  /**
   * Goes to an offset that was read before, or to its origin.
   *
   * @param offset In bytes from the start of the source.
   * @throws {TransferError} `source` when the source cannot go back that far.
   */
  seek(offset: number): Promise<void>;
  /**
   * Remembers the digest of all before an offset, so that a later reading can
   * begin there. Absent where each reading begins at 0.
   *
   * @param offset In bytes from the start of the source.
   * @param digest It may go on afterwards: a copy is kept.
   */
  mark?(offset: number, digest: Digest): void;
  /**
   * Checks that the source has not changed since it was announced.
   *
   * @throws {TransferError} `source-changed` when it has.
   */
  verify(): Promise<void>;
}
