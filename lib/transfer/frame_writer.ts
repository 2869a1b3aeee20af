/**
 * Frames into a stream of bytes, in the order in which they were said: small
 * ones are put together, so that many cost one system call, and large ones are
 * written as they are.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";

/** Queued bytes beyond which a caller should wait before it adds more. */
const QUEUE_BYTES = 262_144;

/** Small pieces are put together up to this size. */
export const BATCH_BYTES = 65_536;

/**
 * Takes the next bytes to write from the front of a queue.
 *
 * @param queue Pieces in order, at least one; those that are taken leave it.
 * @returns One large piece as it is, or several small ones put together.
 */
export function nextBatch(queue: Uint8Array[]): Uint8Array {
  let count = 0, size = 0;
  for (const bytes of queue) {
    if (count > 0 && size + bytes.length > BATCH_BYTES) break;
    count++;
    size += bytes.length;
  }
  const parts = queue.splice(0, count);
  return count === 1 ? parts[0]! : concat(parts);
}

/** Writes frames to a connection. */
export class FrameWriter {
  readonly #write: (bytes: Uint8Array) => Promise<number>;
  #queue: Uint8Array[] = [];
  /** Writes the queue; absent while it is empty. */
  #pump: Promise<void> | undefined;
  #failure: unknown;
  #said = 0;
  #written = 0;

  /**
   * Makes a writer.
   *
   * @param write Writes some bytes and gives their number, at least 1.
   */
  constructor(write: (bytes: Uint8Array) => Promise<number>) {
    this.#write = write;
  }

  /**
   * Adds a frame. A failure to write it shows at the next {@linkcode flush}, and
   * drops what is added after it.
   *
   * @param bytes Header and payload; they must not change until they are written.
   * @param now Whether to write at once, so that the kernel works on it
   * meanwhile, and not together with what is added in the same turn of the event
   * loop. @default {false}
   */
  add(bytes: Uint8Array, now = false): void {
    if (this.#failure) return;
    this.#queue.push(bytes);
    this.#said += bytes.length;
    this.#pump ??= this.#drain(now);
  }

  /** How many bytes were added so far, written or not. */
  get said(): number {
    return this.#said;
  }

  /** How many of them the kernel has taken. */
  get written(): number {
    return this.#written;
  }

  /** Whether so much is queued that the caller should {@linkcode flush}. */
  get congested(): boolean {
    return this.#said - this.#written > QUEUE_BYTES;
  }

  /** Whether nothing is waiting to be written. */
  get quiet(): boolean {
    return this.#pump === undefined;
  }

  /**
   * Waits until the kernel has taken everything that was added so far.
   *
   * @throws {TransferError} As the connection's: `lost` or `stalled`.
   */
  async flush(): Promise<void> {
    while (this.#pump) await this.#pump;
    if (this.#failure) throw this.#failure;
  }

  async #drain(now: boolean): Promise<void> {
    if (!now) await Promise.resolve(); // what is added in one turn goes together
    try {
      while (this.#queue.length > 0) {
        let rest = nextBatch(this.#queue);
        while (rest.length > 0) {
          const count = await this.#write(rest);
          rest = rest.subarray(count);
          this.#written += count;
        }
      }
    } catch (error) {
      this.#failure = error;
      this.#queue = [];
    } finally {
      this.#pump = undefined;
    }
  }
}
