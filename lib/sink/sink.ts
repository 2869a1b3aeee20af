/**
 * What a receiver needs of a place where bytes land.
 *
 * The conversation never sees a path, and a sink never sees a connection. A
 * sink is asked to open a draft for each entry; the draft takes the bytes, and
 * nothing of it shows under the entry's name before `commit()`.
 *
 * @module
 */

import type { Algorithm, Digest } from "../base/digest.ts";
import { TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import type { Held } from "../model/block_digests.ts";
import type { Entry } from "../model/entry.ts";

/** What became of a draft. */
export interface Committed {
  /** The name it has now. */
  name: string;
  /** Whether it and its name survive a power cut from now on. */
  durable: boolean;
  /** Whether the same bytes were there before. */
  existing: boolean;
}

/** What a commit is doing, for whoever waits for it. */
export type CommitPhase = "syncing" | "committing";

/** A draft that can go on where an earlier attempt stopped. */
export interface Resumable extends Held {
  /**
   * Goes on from an offset, or starts over at 0. Called once, before the first
   * write; what lies beyond the offset is dropped. Where it is not called the
   * draft starts over.
   *
   * @param offset 0, the end of a proven block, or the held length.
   * @returns The digest of all bytes before the offset, to go on with.
   * @throws {TransferError} `protocol` for any other offset, `rejected` when
   * what is there must not be changed, `local-io` when storage fails.
   */
  start(offset: number): Promise<Digest>;
}

/** An entry that is on its way and not there yet. */
export interface Draft {
  /** What it holds from before; absent where it begins with nothing. */
  readonly resumable?: Resumable | undefined;

  /**
   * Appends a piece.
   *
   * @param piece The draft is done with it when the promise resolves.
   * @throws {TransferError} `local-io` when it cannot be kept.
   */
  write(piece: Uint8Array): Promise<void>;

  /**
   * Makes the entry appear under its name, whole and durable.
   *
   * @param onPhase Hears what is being done.
   * @returns Under which name, and what can be promised.
   * @throws {TransferError} `rejected` when the name is taken by something
   * else, `local-io` when storage fails. Then nothing is left of the draft.
   */
  commit(onPhase?: (phase: CommitPhase) => void): Promise<Committed>;

  /**
   * Gives up for now, and leaves what a later attempt can go on with. Absent
   * where nothing can be kept; then `abort()` is called.
   */
  keep?(): Promise<void>;

  /**
   * Leaves no trace. Harmless after `commit()`, when called twice, and while a
   * `write()` is under way. Nothing can be written or committed afterwards.
   */
  abort(): Promise<void>;
}

/** A place where entries land. */
export interface Sink {
  /**
   * Prepares for an entry.
   *
   * @param entry What the peer announced; its name is not trusted.
   * @param transfer The transfer's id, the same when a sender comes back: its
   * earlier draft of the same entry is taken over, wherever that is still used.
   * @param algorithm The algorithm of the digests by which the draft shows what
   * it holds from before. @default {"sha256"}
   * @returns A draft for its bytes.
   * @throws {TransferError} `rejected` when it will not be taken.
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
 * @returns An `internal` error: its owner has lost track.
 */
export function draftEnded(name: string): TransferError {
  return new TransferError(
    "internal",
    { doing: `store ${quote(name)}`, found: "its draft has ended" },
  );
}

/**
 * The error of bytes for an entry that has none.
 *
 * @param name The directory's name.
 * @returns A `protocol` error: the peer announced a directory.
 */
export function bytesForDirectory(name: string): TransferError {
  return new TransferError(
    "protocol",
    { doing: `write to ${quote(name)}`, found: "it is a directory" },
  );
}
