/**
 * Many reads, few writes: bytes gather in a block, which is written while the
 * next one fills.
 *
 * @module
 */

import type { Digest } from "../base/digest.ts";
import type { Draft } from "../sink/sink.ts";

/** Block written to the disk at once; large ones cost the least (bench/). */
const BLOCK_BYTES = 4_194_304;

/** First block: many streams are short. */
const FIRST_BYTES = 65_536;

/** Writes a stream to a draft. */
export class BlockWriter {
  readonly #draft: Pick<Draft, "write">;
  readonly #digest: Digest | undefined;
  #block = new Uint8Array(FIRST_BYTES);
  #spare = new ArrayBuffer(0);
  #filled = 0;
  #total = 0;
  #busy = false;
  #writing: Promise<void> | undefined;

  /**
   * Makes a writer.
   *
   * @param draft Where the bytes go; it stays the caller's to end.
   * @param digest What takes them in besides, if anything.
   */
  constructor(draft: Pick<Draft, "write">, digest?: Digest) {
    this.#draft = draft;
    this.#digest = digest;
  }

  /** Where the next bytes belong; never empty. */
  get room(): Uint8Array {
    return this.#block.subarray(this.#filled);
  }

  /** How many bytes were taken. */
  get total(): number {
    return this.#total;
  }

  /**
   * Takes what was put at the front of the room.
   *
   * @param count How many bytes, at least one.
   * @returns Whether they are being written now, and not only kept.
   * @throws {TransferError} What an earlier write failed with.
   */
  async took(count: number): Promise<boolean> {
    // Less than there was room for means that nothing more is waiting: pass on
    // what there is, unless the disk has enough to do.
    const wait = count < this.room.length && this.#busy;
    this.#filled += count;
    this.#total += count;
    if (wait) return false;
    await this.#write();
    this.#turn();
    return true;
  }

  /**
   * Writes the rest.
   *
   * @throws {TransferError} What a write failed with.
   */
  async end(): Promise<void> {
    if (this.#filled > 0) await this.#write();
    await this.#writing;
  }

  /** Resolves when nothing is being written any more, however it went. */
  async idle(): Promise<void> {
    await Promise.allSettled([this.#writing]); // told to whoever asked for it
  }

  async #write(): Promise<void> {
    await this.#writing;
    const piece = this.#block.subarray(0, this.#filled);
    this.#busy = true;
    this.#writing = this.#draft.write(piece).finally(() => this.#busy = false);
    this.#writing.catch(() => {}); // awaited before the next one
    this.#digest?.update(piece); // while the disk is busy with the same bytes
    this.#filled = 0;
  }

  /** Goes on in the other block. */
  #turn(): void {
    const next = this.#spare.byteLength === BLOCK_BYTES
      ? this.#spare
      : new ArrayBuffer(BLOCK_BYTES);
    this.#spare = this.#block.buffer;
    // Blocks end at multiples of their size, so that each of them can have the
    // largest pages that the file system gives.
    this.#block = new Uint8Array(
      next,
      0,
      BLOCK_BYTES - this.#total % BLOCK_BYTES,
    );
  }
}
