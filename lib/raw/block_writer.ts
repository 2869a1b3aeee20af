/**
 * Many reads, few writes: bytes are collected in a block, which is written while
 * the next one fills.
 *
 * @module
 */

import type { Digest } from "../base/digest.ts";
import type { Draft } from "../sink/sink.ts";

/** Bytes written to the disk at once; large writes cost the least (bench/). */
const BLOCK_BYTES = 4_194_304;

/** Bytes of the first block: many streams are short. */
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
   * @param draft Where the bytes go; the caller commits or aborts it.
   * @param digest Updated with all bytes, where it is given.
   */
  constructor(draft: Pick<Draft, "write">, digest?: Digest) {
    this.#draft = draft;
    this.#digest = digest;
  }

  /** Where the next bytes belong; never empty. */
  get free(): Uint8Array {
    return this.#block.subarray(this.#filled);
  }

  /** How many bytes were put in. */
  get total(): number {
    return this.#total;
  }

  /**
   * Adds the bytes that were put at the start of {@linkcode free}.
   *
   * @param count How many bytes, at least one.
   * @returns Whether they are being written now, and not only kept.
   * @throws {TransferError} What an earlier write failed with.
   */
  async add(count: number): Promise<boolean> {
    // Fewer than fit means that nothing more is waiting to be read: they are
    // written at once, unless a write is under way.
    const wait = count < this.free.length && this.#busy;
    this.#filled += count;
    this.#total += count;
    if (wait) return false;
    await this.#write();
    this.#swap();
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

  /** Waits for the write under way, whether it fails or not. */
  async idle(): Promise<void> {
    await Promise.allSettled([this.#writing]); // add() or end() threw it
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
  #swap(): void {
    const next = this.#spare.byteLength === BLOCK_BYTES
      ? this.#spare
      : new ArrayBuffer(BLOCK_BYTES);
    this.#spare = this.#block.buffer;
    // Blocks end at multiples of their size, so that the file system can use its
    // largest pages for each of them.
    this.#block = new Uint8Array(
      next,
      0,
      BLOCK_BYTES - this.#total % BLOCK_BYTES,
    );
  }
}
