/**
 * An entry whose name has a file of the same length already, which may be the
 * same file, delivered before.
 *
 * The receiver shows that file as what it holds. If all of it agrees, nothing
 * is sent again: that is how repeating an unconfirmed transfer settles it.
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

/** Bytes copied at a time. */
const COPY_BYTES = 1_048_576;

/** How often a file is read again whose ctime moves while it is checked. */
const MAX_CHECKS = 3;

/** A draft that is the existing file, until the sender's bytes differ. */
export class ExistingDraft implements Draft {
  readonly resumable: Resumable;
  readonly #to: Destination;
  readonly #entry: Entry;
  readonly #parts: string[];
  readonly #transfer: string | undefined;
  readonly #seen: Deno.FileInfo;
  /** The draft that is written once the bytes differ. */
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
   * Reads the file and computes its digests.
   *
   * @param to The destination it is in.
   * @param entry What was announced.
   * @param parts Its name, taken apart and checked.
   * @param transfer The transfer's id, if it has one.
   * @param seen The file's metadata: a regular file of the announced length.
   * @param algorithm The algorithm of the digests.
   * @returns The draft.
   * @throws {TransferError} `local-io` when the file cannot be read.
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
    // From 0 on the same bytes may come again, from a sender that compares
    // none, and so they may behind the last digest, where the file goes on.
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
    // Another program may have changed it since its digests were computed.
    if (!sameBytes(copied.finish(), new Digest(digest).finish())) {
      await instead.abort();
      throw this.#changed();
    }
    return digest;
  }

  /** Copies the bytes that agree, so that they are not sent again. */
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
    return await typeDiskErrors(this.#entry.name, () => this.#confirm(onPhase));
  }

  /** Makes the existing file durable and checks that it is still the same. */
  async #confirm(onPhase?: (phase: CommitPhase) => void): Promise<Committed> {
    onPhase?.("syncing");
    using file = await Deno.open(join(this.#to.root, ...this.#parts));
    // The receipt says that it is durable, and its writer may not have synced
    // it.
    await this.#to.files.sync(file);
    await this.#to.syncDirectories(this.#parts.slice(0, -1));
    if (!await this.#isUnchanged(file)) throw this.#changed();
    return { name: this.#name, durable: true, existing: true };
  }

  /** Whether the name still has the file whose digests were shown. */
  async #isUnchanged(file: Deno.FsFile): Promise<boolean> {
    const { algorithm, digests } = this.resumable;
    let { ino, dev, size, ctime } = this.#seen;
    for (let checks = 0; checks < MAX_CHECKS; checks++) {
      const now = await this.#to.lstat(this.#parts);
      const same = now?.isFile && now.ino === ino && now.dev === dev &&
        now.size === size;
      if (!same) return false;
      // A program can set mtime back and cannot set ctime (inode(7)). But a new
      // link or other permission bits move ctime too: then the content decides.
      if (now.ctime?.getTime() === ctime?.getTime()) return true;
      await file.seek(0, Deno.SeekMode.Start);
      const read = (into: Uint8Array) => file.read(into);
      const again = await BlockDigests.of(read, size, algorithm);
      if (!sameBytes(again.digests, digests)) return false;
      await this.#to.files.sync(file); // the same bytes may be written anew
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
