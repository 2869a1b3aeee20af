/**
 * Reads of a regular file, each made where it costs least.
 *
 * What the page cache holds is copied in a tenth of a millisecond, and to have
 * another thread do that costs as much again (bench/throughput.ts). A disk that
 * makes us wait must not hold up everything else, though. So the first read is
 * made on another thread, and every other one in place exactly where the one
 * before it was quick.
 *
 * @module
 */

import type { ByteReader } from "./reading.ts";

/** Longest time of a quick read, in milliseconds. */
const QUICK_MS = 2;

/** Reads a file from where it is. */
export class FileReader implements ByteReader {
  readonly #file: Pick<Deno.FsFile, "read" | "readSync">;
  #quick = false;

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
    const count = this.#quick
      ? this.#file.readSync(into)
      : await this.#file.read(into);
    this.#quick = performance.now() - began <= QUICK_MS;
    return count;
  }
}
