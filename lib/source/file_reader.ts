/**
 * Reads of a regular file, on this thread while they are quick.
 *
 * A read that the page cache answers takes a tenth of a millisecond, and a
 * thread switch costs as much again (bench/throughput.ts). A read that waits
 * for the disk must not block this thread, though. So the first read is made on
 * another thread, and each further one on this thread if the one before it was
 * quick. Synchronous reads alone would keep timers, heartbeats and signals from
 * their turn: now and then one is made on another thread, however quick.
 *
 * @module
 */

import type { ByteReader } from "./reader.ts";

/** Longest time of a quick read, in milliseconds. A guess. */
const QUICK_MS = 2;

/**
 * Longest time of synchronous reads in a row, in milliseconds: a fraction of
 * the time between two heartbeats.
 */
const SYNC_READS_MS = 50;

/** Reads a file from its current offset. */
export class FileReader implements ByteReader {
  readonly #file: Pick<Deno.FsFile, "read" | "readSync">;
  #quick = false;
  /** Until when reads may be synchronous, as `performance.now()` counts. */
  #syncUntil = 0;

  /**
   * Makes a reader.
   *
   * @param file A regular file: a synchronous read of a pipe would block the
   * program. The caller closes it.
   */
  constructor(file: Pick<Deno.FsFile, "read" | "readSync">) {
    this.#file = file;
  }

  /**
   * Reads some bytes.
   *
   * @param into Where they go. It must not be used before this resolves.
   * @returns How many, or `null` at the end.
   * @throws What the system throws when the file cannot be read.
   */
  async read(into: Uint8Array): Promise<number | null> {
    const began = performance.now();
    const sync = this.#quick && began < this.#syncUntil;
    const count = sync
      ? this.#file.readSync(into)
      : await this.#file.read(into);
    const ended = performance.now();
    this.#quick = ended - began <= QUICK_MS;
    if (!sync) this.#syncUntil = ended + SYNC_READS_MS;
    return count;
  }
}
