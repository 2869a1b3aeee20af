/**
 * What a receiver needs of a place that stores entries.
 *
 * The protocol never sees a path, and a sink never sees a connection. The
 * receiver opens a draft for each entry and writes its bytes to it; nothing has
 * the entry's name before `commit()`.
 *
 * @module
 */

import type { Algorithm, Digest } from "../base/digest.ts";
import { TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import type { Held } from "../model/block_digests.ts";
import type { Entry } from "../model/entry.ts";

/** What a commit has stored. */
export interface Committed {
  /** The entry's name now. */
  name: string;
  /** Whether it and its name survive a power cut from now on. */
  durable: boolean;
  /** Whether the same bytes were there before. */
  existing: boolean;
}

/** What a commit is doing at the moment. */
export type CommitPhase = "syncing" | "committing";

/** What a draft holds from an earlier attempt, and how to go on with it. */
export interface Resumable extends Held {
  /**
   * Goes on from an offset, or starts over at 0; what is held beyond the offset
   * is dropped. It is called once, before the first write. A draft for which it
   * is not called starts over.
   *
   * On abort: an aborted transfer waits for it, and then calls `keep()` or
   * `abort()`.
   *
   * @param offset 0, the end of a block, or the held length; in bytes.
   * @returns The digest of all bytes before the offset, to go on with.
   * @throws {TransferError} `protocol` for any other offset, `rejected` when
   * what is there must not be changed, `local-io` when storage fails.
   */
  start(offset: number): Promise<Digest>;
}

/** An entry that is being received. */
export interface Draft {
  /** What it holds from before; absent where it begins with nothing. */
  readonly resumable?: Resumable | undefined;

  /**
   * Appends a piece.
   *
   * On abort: an aborted transfer waits for it, and then calls `keep()` or
   * `abort()`.
   *
   * @param piece The draft is done with it when the promise resolves.
   * @throws {TransferError} `local-io` when it cannot be kept.
   */
  write(piece: Uint8Array): Promise<void>;

  /**
   * Makes the entry appear under its name, whole and durable.
   *
   * On abort: a commit that has begun is not interrupted. An aborted
   * transfer waits for it; its receipt is sent if a second is enough.
   *
   * @param onPhase Called when each phase begins.
   * @returns The name it has, and whether that is durable.
   * @throws {TransferError} `rejected` when the name is taken by something
   * else, `local-io` when storage fails; nothing is left of the draft then.
   */
  commit(onPhase?: (phase: CommitPhase) => void): Promise<Committed>;

  /**
   * Ends the draft and keeps what a later attempt can go on with. Absent where
   * nothing can be kept: `abort()` is called then.
   *
   * On abort: an aborted transfer calls this for each draft that is not
   * committed, and waits for it.
   *
   * @throws {TransferError} `local-io` when storage fails.
   */
  keep?(): Promise<void>;

  /**
   * Ends the draft and removes what it wrote. Nothing can be written or
   * committed afterwards. It does nothing after `commit()` or when called
   * twice, and may be called while a `write()` is pending.
   *
   * On abort: an aborted transfer calls this where there is no `keep()`, an
   * aborted raw stream in any case. Both wait for it.
   *
   * @throws {TransferError} `local-io` when storage fails.
   */
  abort(): Promise<void>;
}

/** A place that stores entries. */
export interface Sink {
  /**
   * Opens a draft for an entry.
   *
   * On abort: an aborted transfer waits for it, and then calls the draft's
   * `keep()` or `abort()`.
   *
   * @param entry What the peer announced; its name is not trusted.
   * @param transfer The transfer's id, the same when a sender comes back. The
   * draft that it opened for the entry before is ended, even where another
   * connection still writes to it.
   * @param algorithm The algorithm of the digests by which the draft shows what
   * it holds from before. @default {"sha256"}
   * @returns A draft for its bytes.
   * @throws {TransferError} `rejected` when the entry cannot be stored here,
   * `local-io` when storage fails.
   */
  open(
    entry: Entry,
    transfer?: string,
    algorithm?: Algorithm,
  ): Promise<Draft>;
}

/**
 * The error of a draft that is used after its `commit()` or `abort()`.
 *
 * @param name The entry's name.
 * @returns An `internal` error: using it is a bug of the caller.
 */
export function draftEnded(name: string): TransferError {
  return new TransferError(
    "internal",
    { doing: `store ${quote(name)}`, found: "its draft has ended" },
  );
}

/**
 * The error of bytes for a directory.
 *
 * @param name The directory's name.
 * @returns A `protocol` error: the peer announced a directory and sends bytes.
 */
export function bytesForDirectory(name: string): TransferError {
  return new TransferError(
    "protocol",
    { doing: `write to ${quote(name)}`, found: "it is a directory" },
  );
}
