/**
 * Reads of a regular file, each made where it costs least.
 *
 * What the page cache holds is copied in a tenth of a millisecond, and to have
 * another thread do that costs as much again (bench/throughput.ts). A disk that
 * makes us wait must not hold up everything else, though. So the first read is
 * made on another thread, and every other one in place exactly where the one
 * before it was quick. Reads in place alone would let nothing else have its turn,
 * no timer, no heartbeat and no signal: one is made on another thread now and
 * then, however quick they are.
 *
 * @module
 */

import type { ByteReader } from "./reader.ts";

/** Longest time of a quick read, in milliseconds. */
const QUICK_MS = 2;

/** Longest time of reads in place, in milliseconds; heartbeats are rarer. */
const IN_PLACE_MS = 50;

/** Reads a file from where it is. */
export class FileReader implements ByteReader {
  readonly #file: Pick<Deno.FsFile, "read" | "readSync">;
  #quick = false;
  /** Until when reads may be made in place. */
  #until = 0;

  /**
   * Makes a reader.
   *
   * @param file A regular file: reading a pipe in place would stop the program.
   * It stays the caller's to close.
   */
  constructor(file: Pick<Deno.FsFile, "read" | "readSync">) {
    this.#file = file;
  }

  /**
   * Reads some bytes.
   *
   * @param into Where they go. It must not be used before this resolves.
   * @returns How many, or `null` at the end.
   */
  async read(into: Uint8Array): Promise<number | null> {
    const began = performance.now();
    const inPlace = this.#quick && began < this.#until;
    const count = inPlace
      ? this.#file.readSync(into)
      : await this.#file.read(into);
    const ended = performance.now();
    this.#quick = ended - began <= QUICK_MS;
    if (!inPlace) this.#until = ended + IN_PLACE_MS;
    return count;
  }
}
