/**
 * Files and directories on their way to the disk.
 *
 * A file's draft is a temporary file in the destination's own file system. Its
 * commit is, in this order: fsync of the data, the name, fsync of every
 * directory that got a new entry. Only then is it called durable. A failed
 * fsync is never repeated on the same file: the kernel may have dropped the
 * pages and would report success for bytes that are gone.
 *
 * @module
 */

import { type Destination, local } from "./destination.ts";
import { publish } from "./publish.ts";
import {
  bytesForDirectory,
  type CommitPhase,
  type Committed,
  type Draft,
  draftEnded,
  type Entry,
} from "./sink.ts";

/** A file on its way: nothing on the disk before its first byte. */
export class FileDraft implements Draft {
  readonly #to: Destination;
  readonly #entry: Entry;
  readonly #parts: string[];
  #temp: Promise<{ path: string; file: Deno.FsFile }> | undefined;
  #ended = false;

  constructor(to: Destination, entry: Entry, parts: string[]) {
    this.#to = to;
    this.#entry = entry;
    this.#parts = parts;
  }

  async write(piece: Uint8Array): Promise<void> {
    if (this.#ended) throw draftEnded(this.#entry.name);
    await local(this.#entry.name, async () => {
      const { file } = await this.#open();
      let written = 0;
      while (written < piece.length) {
        written += await file.write(piece.subarray(written));
      }
    });
  }

  async commit(
    onPhase?: (phase: CommitPhase) => void,
  ): Promise<Committed> {
    if (this.#ended) throw draftEnded(this.#entry.name);
    try {
      return await local(this.#entry.name, () => this.#commit(onPhase));
    } finally {
      await this.abort();
    }
  }

  async #commit(
    onPhase?: (phase: CommitPhase) => void,
  ): Promise<Committed> {
    const { path: temp, file } = await this.#open();
    const { mtime, mode } = this.#entry;
    onPhase?.("syncing");
    if (mode !== undefined) await Deno.chmod(temp, mode & 0o777);
    if (mtime !== undefined) await file.utime(new Date(), new Date(mtime));
    await file.sync();
    onPhase?.("committing");
    const parents = this.#parts.slice(0, -1);
    const directory = await this.#to.enter(parents);
    const { last, existing } = await publish(
      temp,
      directory,
      this.#parts.at(-1)!,
      this.#to.policy,
    );
    await this.#to.settle(parents);
    return { name: [...parents, last].join("/"), durable: true, existing };
  }

  async abort(): Promise<void> {
    this.#ended = true;
    const opening = this.#temp;
    this.#temp = undefined;
    // Where it could not be created, the write that asked for it was told.
    const temp = await opening?.catch(() => undefined);
    if (!temp) return;
    temp.file.close();
    await local(this.#entry.name, () => removeIfThere(temp.path));
  }

  #open(): Promise<{ path: string; file: Deno.FsFile }> {
    // Bits to be kept may be stricter than the umask: then nobody else may
    // look at the draft either.
    const mode = this.#entry.mode === undefined ? 0o666 : 0o600;
    return this.#temp ??= this.#to.temp(mode);
  }
}

/** A directory: made at its commit, because it has no bytes to wait for. */
export class DirectoryDraft implements Draft {
  readonly #to: Destination;
  readonly #entry: Entry;
  readonly #parts: string[];
  #ended = false;

  constructor(to: Destination, entry: Entry, parts: string[]) {
    this.#to = to;
    this.#entry = entry;
    this.#parts = parts;
  }

  write(): Promise<void> {
    return Promise.reject(bytesForDirectory(this.#entry.name));
  }

  async commit(): Promise<Committed> {
    const { name, mtime, mode } = this.#entry;
    if (this.#ended) throw draftEnded(name);
    this.#ended = true;
    return await local(name, async () => {
      const before = await this.#to.look(this.#parts);
      const path = await this.#to.enter(this.#parts);
      if (mode !== undefined) await Deno.chmod(path, mode & 0o777);
      if (mtime !== undefined) {
        await Deno.utime(path, new Date(), new Date(mtime));
      }
      await this.#to.settle(this.#parts);
      return { name, durable: true, existing: before !== null };
    });
  }

  abort(): Promise<void> {
    this.#ended = true;
    return Promise.resolve();
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    // A rename gave it its final name.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
