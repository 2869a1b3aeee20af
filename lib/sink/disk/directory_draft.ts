/**
 * A directory on its way to the disk.
 *
 * @module
 */

import type { Entry } from "../../model/entry.ts";
import {
  bytesForDirectory,
  type Committed,
  type Draft,
  draftEnded,
} from "../sink.ts";
import type { Destination } from "./destination.ts";
import { typeDiskErrors } from "./disk_errors.ts";

/** A draft of a directory, which has no bytes: the commit creates it. */
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
    return await typeDiskErrors(name, async () => {
      const path = await this.#to.makeDirectories(this.#parts);
      const existing = !this.#to.forgetCreated(path);
      // The bits of one that was there may keep other users out.
      const mayChange = !existing || this.#to.policy === "replace";
      if (mode !== undefined && mayChange) await Deno.chmod(path, mode & 0o777);
      if (mtime !== undefined) {
        await Deno.utime(path, new Date(), new Date(mtime));
      }
      await this.#to.syncDirectories(this.#parts);
      return { name, durable: true, existing };
    });
  }

  abort(): Promise<void> {
    this.#ended = true;
    return Promise.resolve();
  }
}
