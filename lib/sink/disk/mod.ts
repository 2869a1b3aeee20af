/**
 * The disk as a sink: files that are absent, old or whole, and never anything
 * else. How a draft becomes a file is file_draft.ts; how it gets its name without
 * replacing anything is publish.ts; where it may land is destination.ts.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import type { Entry } from "../../model/entry.ts";
import { partsOf } from "../../model/name.ts";
import type { Draft, Sink } from "../sink.ts";
import { Destination, type DiskSinkOptions } from "./destination.ts";
import { DirectoryDraft } from "./directory_draft.ts";
import { ExistingDraft } from "./existing_draft.ts";
import { FileDraft } from "./file_draft.ts";

/**
 * Makes a sink of a directory: each entry lands below it under its own name.
 *
 * @param root The directory. It must exist; it may be a symbolic link itself.
 * @param options What to do when a name is taken.
 * @returns The sink. Needs read and write permission for `root`.
 *
 * @example Store a file and know that it is on disk
 * ```ts
 * import { directorySink } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const draft = await directorySink(root).open({ kind: "file", name: "d/a" });
 * await draft.write(new TextEncoder().encode("hi"));
 * const { durable } = await draft.commit();
 * assertEquals(durable, true);
 * assertEquals(await Deno.readTextFile(`${root}/d/a`), "hi");
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export function directorySink(
  root: string,
  options: DiskSinkOptions = {},
): Sink {
  const to = new Destination(root, options);
  return {
    async open(entry, transfer) {
      const parts = partsOf(entry.name);
      return entry.kind === "directory"
        ? new DirectoryDraft(to, entry, parts)
        : await openFile(to, entry, parts, transfer);
    },
  };
}

/**
 * Makes a sink of one file: the first entry lands there, whatever its name.
 *
 * @param path The file to be. Its directory must exist.
 * @param options What to do when it exists.
 * @returns The sink. Needs read and write permission for the directory.
 *
 * @example Store under a name of one's own
 * ```ts
 * import { fileSink } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const draft = await fileSink(`${root}/mine`).open({
 *   kind: "file",
 *   name: "theirs",
 * });
 * await draft.commit();
 * assertEquals((await Deno.stat(`${root}/mine`)).size, 0);
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export function fileSink(path: string, options: DiskSinkOptions = {}): Sink {
  const to = new Destination(dirname(path), options);
  let taken: { name: string; transfer: string | undefined } | undefined;
  return {
    async open(entry, transfer) {
      const { kind, name } = entry;
      // The same transfer may come back for it on another connection.
      const again = transfer !== undefined && taken?.transfer === transfer &&
        taken.name === name;
      if (kind === "directory" || (taken && !again)) {
        throw new TransferError(
          "rejected",
          {
            doing: `store ${quote(name)}`,
            found: "the receiver takes one file only",
          },
        );
      }
      taken = { name, transfer };
      return await openFile(to, entry, [basename(path)], transfer);
    },
  };
}

/** Opens a draft for a file, with whatever is there of it already. */
async function openFile(
  to: Destination,
  entry: Entry,
  parts: string[],
  transfer: string | undefined,
): Promise<Draft> {
  const name = parts.join("/");
  await to.owners.evict(name, transfer);
  const seen = await to.check(entry, parts);
  const existing = () => ExistingDraft.open(to, entry, parts, transfer, seen!);
  const same = seen !== null && seen.isFile && seen.size > 0 &&
    seen.size === entry.size;
  // Nothing else could be stored there: what was left behind is no help.
  if (same && to.policy === "refuse") return await existing();
  const draft = new FileDraft(to, entry, parts);
  await to.owners.add(name, transfer, draft);
  try {
    await draft.lookBack(same);
  } catch (error) {
    // What cannot be read back is no help: the next attempt starts over.
    await draft.abort();
    throw error;
  }
  if (!same || draft.resumable) return draft;
  await draft.abort();
  return await existing();
}
