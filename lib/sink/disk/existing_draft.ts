/**
 * An entry whose name is taken by a file of the same length: perhaps the very
 * same, delivered before.
 *
 * The file is shown to the sender as held. When all of it agrees nothing is
 * sent again: that is how repeating a transfer settles it.
 *
 * @module
 */

import { join } from "node:path";
import { type Algorithm, Digest, sameBytes } from "../../base/digest.ts";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { BlockDigests } from "../../model/block_digests.ts";
import type { Entry } from "../../model/entry.ts";
import { decide } from "../conflict.ts";
import type { CommitPhase, Committed, Draft, Resumable } from "../sink.ts";
import type { Destination } from "./destination.ts";
import { typeDiskErrors } from "./disk_errors.ts";
import { FileDraft } from "./file_draft.ts";

/** Copied at once: few system calls, little memory. */
const COPY_BYTES = 1_048_576;

/** What is touched more often while it is looked at is never still. */
const MAX_LOOKS = 3;

/** The file that is there, until the sender's bytes turn out to be others. */
export class ExistingDraft implements Draft {
  readonly resumable: Resumable;
  readonly #to: Destination;
  readonly #entry: Entry;
  readonly #parts: string[];
  readonly #transfer: string | undefined;
  readonly #seen: Deno.FileInfo;
  /** What takes the bytes when they are others. */
  #instead: FileDraft | undefined;
  #started = false;

  private constructor(
    to: Destination,
    entry: Entry,
    parts: string[],
    transfer: string | undefined,
    seen: Deno.FileInfo,
    held: BlockDigests,
  ) {
    this.#to = to;
    this.#entry = entry;
    this.#parts = parts;
    this.#transfer = transfer;
    this.#seen = seen;
    const { length, block, algorithm, digests } = held;
    const start = (offset: number) => this.#start(held.at(offset), offset);
    this.resumable = { length, block, algorithm, digests, start };
  }

  /**
   * Takes the file in.
   *
   * @param to Where it is.
   * @param entry What was announced.
   * @param parts Its name, taken apart and checked.
   * @param transfer The transfer's id, if it has one.
   * @param seen What it looks like: a regular file of the announced length.
   * @param algorithm The algorithm of its digests.
   * @returns The draft.
   */
  static async open(
    to: Destination,
    entry: Entry,
    parts: string[],
    transfer: string | undefined,
    seen: Deno.FileInfo,
    algorithm: Algorithm,
  ): Promise<ExistingDraft> {
    return await typeDiskErrors(entry.name, async () => {
      using file = await Deno.open(join(to.root, ...parts));
      const read = (into: Uint8Array) => file.read(into);
      const held = await BlockDigests.of(read, seen.size, algorithm);
      return new ExistingDraft(to, entry, parts, transfer, seen, held);
    });
  }

  async #start(digest: Digest, offset: number): Promise<Digest> {
    const { name } = this.#entry;
    this.#started = true;
    if (offset === this.#seen.size) return digest;
    // From 0 on the same bytes may come again, from a sender that compares none,
    // and so they may behind the last digest, where the file goes on.
    const differs = offset > 0 && offset < this.resumable.length;
    const content = differs ? "different" : "unknown";
    const { size } = this.#seen;
    const found = { kind: "file", size, content } as const;
    if (decide(this.#to.policy, this.#entry, found) === "reject") {
      throw new TransferError(
        "rejected",
        {
          doing: `store ${quote(name)}`,
          found: "other content has that name already",
        },
      );
    }
    const instead = new FileDraft(this.#to, this.#entry, this.#parts);
    this.#instead = instead;
    await this.#to.drafts.add(this.#name, this.#transfer, instead);
    const copied = await typeDiskErrors(
      name,
      () => this.#copy(instead, offset),
    );
    // Somebody may have changed it since it was proven.
    if (!sameBytes(copied.finish(), new Digest(digest).finish())) {
      await instead.abort();
      throw this.#changed();
    }
    return digest;
  }

  /** Copies what agrees, instead of having it sent. */
  async #copy(to: FileDraft, length: number): Promise<Digest> {
    const copied = new Digest(this.resumable.algorithm);
    using file = await Deno.open(join(this.#to.root, ...this.#parts));
    const buffer = new Uint8Array(COPY_BYTES);
    for (let left = length; left > 0;) {
      const piece = buffer.subarray(0, Math.min(left, buffer.length));
      const count = await file.read(piece);
      if (count === null) throw this.#changed();
      const read = piece.subarray(0, count);
      const written = to.write(read);
      copied.update(read); // while the disk is busy with the same bytes
      await written;
      left -= count;
    }
    return copied;
  }

  async write(piece: Uint8Array): Promise<void> {
    if (!this.#started) await this.resumable.start(0);
    await this.#instead!.write(piece);
  }

  async commit(onPhase?: (phase: CommitPhase) => void): Promise<Committed> {
    if (!this.#started) await this.resumable.start(0);
    if (this.#instead) return await this.#instead.commit(onPhase);
    return await typeDiskErrors(this.#entry.name, () => this.#vouch(onPhase));
  }

  /** Says of what is there that it is the entry. */
  async #vouch(onPhase?: (phase: CommitPhase) => void): Promise<Committed> {
    onPhase?.("syncing");
    using file = await Deno.open(join(this.#to.root, ...this.#parts));
    // Whoever wrote it may not have synced it, and a receipt vouches for it.
    await this.#to.files.sync(file);
    await this.#to.syncDirectories(this.#parts.slice(0, -1));
    if (!await this.#isStill(file)) throw this.#changed();
    return { name: this.#name, durable: true, existing: true };
  }

  /** Whether what has the name is what was proven, byte by byte. */
  async #isStill(file: Deno.FsFile): Promise<boolean> {
    const { algorithm, digests } = this.resumable;
    let { ino, dev, size, ctime } = this.#seen;
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const now = await this.#to.lstat(this.#parts);
      const same = now?.isFile && now.ino === ino && now.dev === dev &&
        now.size === size;
      if (!same) return false;
      // Whoever sets mtime back cannot set ctime (inode(7)). But links and bits
      // change it too: then the content decides.
      if (now.ctime?.getTime() === ctime?.getTime()) return true;
      await file.seek(0, Deno.SeekMode.Start);
      const read = (into: Uint8Array) => file.read(into);
      const again = await BlockDigests.of(read, size, algorithm);
      if (!sameBytes(again.digests, digests)) return false;
      await this.#to.files.sync(file); // it may have been written anew
      ({ ctime } = now);
    }
    return false;
  }

  async keep(): Promise<void> {
    await this.#instead?.keep();
  }

  async abort(): Promise<void> {
    await this.#instead?.abort();
  }

  get #name(): string {
    return this.#parts.join("/");
  }

  #changed(): TransferError {
    return new TransferError(
      "rejected",
      {
        doing: `store ${quote(this.#entry.name)}`,
        found: "the file that has that name is being changed",
      },
      { retriable: true },
    );
  }
}
