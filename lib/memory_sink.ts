/**
 * A sink that keeps everything in memory: for tests, and for programs that
 * want the bytes and not a file.
 *
 * @module
 */

import { toBytes } from "@std/streams/to-bytes";
import { sameBytes } from "./digest.ts";
import { TransferError } from "./errors.ts";
import { partsOf } from "./names.ts";
import { quote } from "./quote.ts";
import {
  candidates,
  type Committed,
  type ConflictPolicy,
  type Draft,
  type Entry,
  type Sink,
} from "./sink.ts";

/** A sink whose entries can be looked at. */
export interface MemorySink extends Sink {
  /** The content of every committed file by its name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The committed directories. */
  readonly directories: ReadonlySet<string>;
}

/**
 * Makes a sink in memory. Nothing in it is durable, and its receipts say so.
 *
 * @param options What to do when a name is taken; `refuse` by default.
 * @returns The empty sink.
 *
 * @example Keep a file in memory
 * ```ts
 * import { memorySink } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const sink = memorySink();
 * const draft = await sink.open({ kind: "file", name: "a.txt" });
 * await draft.write(new TextEncoder().encode("hi"));
 * assertEquals(sink.files.size, 0); // not there before the commit
 * const { durable } = await draft.commit();
 * assertEquals([sink.files.size, durable], [1, false]);
 * ```
 */
export function memorySink(
  options: { onConflict?: ConflictPolicy } = {},
): MemorySink {
  const files = new Map<string, Uint8Array>();
  const directories = new Set<string>();
  const policy = options.onConflict ?? "refuse";
  return {
    files,
    directories,
    open(entry) {
      return Promise.resolve().then(() => {
        partsOf(entry.name);
        return new MemoryDraft(entry, policy, files, directories);
      });
    },
  };
}

class MemoryDraft implements Draft {
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  readonly #entry: Entry;
  readonly #policy: ConflictPolicy;
  readonly #files: Map<string, Uint8Array>;
  readonly #directories: Set<string>;

  constructor(
    entry: Entry,
    policy: ConflictPolicy,
    files: Map<string, Uint8Array>,
    directories: Set<string>,
  ) {
    this.#entry = entry;
    this.#policy = policy;
    this.#files = files;
    this.#directories = directories;
  }

  write(piece: Uint8Array): Promise<void> {
    this.#pieces.push(piece.slice());
    return Promise.resolve();
  }

  async commit(): Promise<Committed> {
    const bytes = await toBytes(ReadableStream.from(this.#pieces));
    const { name, kind } = this.#entry;
    if (kind === "directory") {
      const existing = this.#directories.has(name);
      this.#directories.add(name);
      return { name, durable: false, existing };
    }
    const parents = name.split("/").slice(0, -1).map((part) => part + "/")
      .join("");
    for (
      const last of candidates(name.slice(parents.length), this.#policy)
    ) {
      const taken = this.#files.get(parents + last);
      if (taken && sameBytes(taken, bytes)) {
        return { name: parents + last, durable: false, existing: true };
      }
      if (!taken || this.#policy === "replace") {
        this.#files.set(parents + last, bytes);
        return { name: parents + last, durable: false, existing: false };
      }
    }
    throw new TransferError(
      "rejected",
      `Cannot store ${quote(name)}: other content has that name`,
    );
  }

  abort(): Promise<void> {
    this.#pieces = [];
    return Promise.resolve();
  }
}
