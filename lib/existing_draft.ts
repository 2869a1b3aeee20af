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
import { type Destination, storing } from "./destination.ts";
import type { Digest } from "./digest.ts";
import { FileDraft } from "./file_draft.ts";
import { TransferError } from "./errors.ts";
import { Proof } from "./proof.ts";
import { quote } from "./quote.ts";
import type {
  CommitPhase,
  Committed,
  Draft,
  Entry,
  Resumable,
} from "./sink.ts";

/** Copied at once: few system calls, little memory. */
const COPY_BYTES = 1_048_576;

/** The file that is there, until the sender's bytes turn out to be others. */
export class ExistingDraft implements Draft {
  readonly resumable: Resumable;
  readonly #to: Destination;
  readonly #entry: Entry;
  readonly #parts: string[];
  readonly #seen: Deno.FileInfo;
  /** What takes the bytes when they are others. */
  #instead: FileDraft | undefined;
  #started = false;

  private constructor(
    to: Destination,
    entry: Entry,
    parts: string[],
    seen: Deno.FileInfo,
    proof: Proof,
  ) {
    this.#to = to;
    this.#entry = entry;
    this.#parts = parts;
    this.#seen = seen;
    const { length, block, proof: digests } = proof;
    const start = (offset: number) => this.#start(proof.at(offset), offset);
    this.resumable = { length, block, proof: digests, start };
  }

  /**
   * Takes the file in.
   *
   * @param to Where it is.
   * @param entry What was announced.
   * @param parts Its name, taken apart and checked.
   * @param seen What it looks like: a regular file of the announced length.
   * @returns The draft.
   */
  static async open(
    to: Destination,
    entry: Entry,
    parts: string[],
    seen: Deno.FileInfo,
  ): Promise<ExistingDraft> {
    return await storing(entry.name, async () => {
      using file = await Deno.open(join(to.root, ...parts));
      const proof = await Proof.of((into) => file.read(into), seen.size);
      return new ExistingDraft(to, entry, parts, seen, proof);
    });
  }

  async #start(digest: Digest, offset: number): Promise<Digest> {
    const { name } = this.#entry;
    this.#started = true;
    if (offset === this.#seen.size) return digest;
    // From 0 on may come the same again, from somebody who does not compare.
    if (offset > 0 && this.#to.policy === "refuse") {
      throw new TransferError(
        "rejected",
        `Cannot store ${quote(name)}: other content has that name already`,
      );
    }
    this.#instead = new FileDraft(this.#to, this.#entry, this.#parts);
    await storing(name, () => this.#copy(offset));
    return digest;
  }

  /** Copies what agrees, instead of having it sent. */
  async #copy(length: number): Promise<void> {
    using file = await Deno.open(join(this.#to.root, ...this.#parts));
    const buffer = new Uint8Array(COPY_BYTES);
    for (let left = length; left > 0;) {
      const piece = buffer.subarray(0, Math.min(left, buffer.length));
      const count = await file.read(piece);
      if (count === null) throw this.#changed();
      await this.#instead!.write(piece.subarray(0, count));
      left -= count;
    }
  }

  async write(piece: Uint8Array): Promise<void> {
    if (!this.#started) await this.resumable.start(0);
    await this.#instead!.write(piece);
  }

  async commit(onPhase?: (phase: CommitPhase) => void): Promise<Committed> {
    if (!this.#started) await this.resumable.start(0);
    if (this.#instead) return await this.#instead.commit(onPhase);
    return await storing(this.#entry.name, async () => {
      onPhase?.("syncing");
      const now = await this.#to.look(this.#parts);
      const same = now?.isFile && now.ino === this.#seen.ino &&
        now.size === this.#seen.size &&
        now.mtime?.getTime() === this.#seen.mtime?.getTime();
      if (!same) throw this.#changed();
      // Whoever wrote it may not have synced it, and a receipt vouches for it.
      using file = await Deno.open(join(this.#to.root, ...this.#parts));
      await file.sync();
      await this.#to.settle(this.#parts.slice(0, -1));
      return { name: this.#parts.join("/"), durable: true, existing: true };
    });
  }

  async keep(): Promise<void> {
    await this.#instead?.keep();
  }

  async abort(): Promise<void> {
    await this.#instead?.abort();
  }

  #changed(): TransferError {
    return new TransferError(
      "rejected",
      `Cannot store ${quote(this.#entry.name)}: the file that has that name ` +
        "is being changed",
      { retriable: true },
    );
  }
}
