/**
 * A sink that keeps everything in memory: for tests, and for programs that
 * want the bytes and not a file.
 *
 * @module
 */

import { toBytes } from "@std/streams/to-bytes";
import { sameBytes } from "../base/digest.ts";
import { TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import type { Entry } from "../model/entry.ts";
import { partsOf } from "../model/name.ts";
import {
  candidates,
  type ConflictPolicy,
  decide,
  type Found,
} from "./conflict.ts";
import {
  bytesForDirectory,
  type Committed,
  type Draft,
  draftEnded,
  type Sink,
} from "./sink.ts";

/** A sink whose entries can be read back. */
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
  const memory = new Memory(options.onConflict ?? "refuse");
  return {
    files: memory.files,
    directories: memory.directories,
    open: (entry) =>
      Promise.resolve().then(() =>
        new MemoryDraft(entry, partsOf(entry.name), memory)
      ),
  };
}

/** What the drafts of one sink share. */
class Memory {
  readonly files = new Map<string, Uint8Array>();
  readonly directories = new Set<string>();
  /** Directories created here and not announced yet. */
  readonly #created = new Set<string>();
  readonly #policy: ConflictPolicy;

  constructor(policy: ConflictPolicy) {
    this.#policy = policy;
  }

  /**
   * Makes directories where they are missing.
   *
   * @returns Their path, with `/` behind it where there is any.
   */
  makeDirectories(parts: readonly string[]): string {
    let path = "";
    for (const part of parts) {
      path += part;
      if (this.files.has(path)) {
        throw new TransferError(
          "rejected",
          {
            doing: `store below ${quote(path)}`,
            found: "it is not a directory",
          },
        );
      }
      if (!this.directories.has(path)) this.#created.add(path);
      this.directories.add(path);
      path += "/";
    }
    return path;
  }

  /** Says, once, whether a directory was created here. */
  forgetCreated(path: string): boolean {
    return this.#created.delete(path);
  }

  /** Gives bytes a name. */
  publish(parts: readonly string[], bytes: Uint8Array): Committed {
    const directory = this.makeDirectories(parts.slice(0, -1));
    for (const last of candidates(parts.at(-1)!)) {
      const name = directory + last;
      const found = this.#compare(name, bytes);
      const decision = decide(this.#policy, { size: bytes.length }, found);
      if (decision === "next-name") continue;
      if (decision === "reject") break;
      const existing = decision === "existing";
      if (!existing) this.files.set(name, bytes);
      return { name, durable: false, existing };
    }
    throw new TransferError(
      "rejected",
      {
        doing: `store ${quote(parts.join("/"))}`,
        found: "other content has that name",
      },
    );
  }

  #compare(name: string, bytes: Uint8Array): Found {
    if (this.directories.has(name)) return { kind: "directory" };
    const file = this.files.get(name);
    if (!file) return { kind: "nothing" };
    const content = sameBytes(file, bytes) ? "same" : "different";
    return { kind: "file", size: file.length, content };
  }
}

class MemoryDraft implements Draft {
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #ended = false;
  readonly #entry: Entry;
  readonly #parts: readonly string[];
  readonly #memory: Memory;

  constructor(entry: Entry, parts: readonly string[], memory: Memory) {
    this.#entry = entry;
    this.#parts = parts;
    this.#memory = memory;
  }

  write(piece: Uint8Array): Promise<void> {
    const { name, kind } = this.#entry;
    if (this.#ended) return Promise.reject(draftEnded(name));
    if (kind === "directory") return Promise.reject(bytesForDirectory(name));
    this.#pieces.push(piece.slice());
    return Promise.resolve();
  }

  async commit(): Promise<Committed> {
    const { name, kind } = this.#entry;
    if (this.#ended) throw draftEnded(name);
    this.#ended = true;
    if (kind === "directory") {
      this.#memory.makeDirectories(this.#parts);
      const existing = !this.#memory.forgetCreated(name);
      return { name, durable: false, existing };
    }
    const bytes = await toBytes(ReadableStream.from(this.#pieces));
    return this.#memory.publish(this.#parts, bytes);
  }

  abort(): Promise<void> {
    this.#ended = true;
    this.#pieces = [];
    return Promise.resolve();
  }
}
