/**
 * The disk as a sink: at every instant a name is absent, the old file or the
 * whole new one.
 *
 * open_file.ts chooses a draft for each file, file_draft.ts writes and syncs
 * it, publish.ts gives it its name without replacing anything unasked, and
 * destination.ts keeps it inside the root.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { partsOf } from "../../model/name.ts";
import type { Sink } from "../sink.ts";
import { Destination, type DiskSinkOptions } from "./destination.ts";
import { DirectoryDraft } from "./directory_draft.ts";
import { openFile } from "./open_file.ts";

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
    async open(entry, transfer, algorithm = "sha256") {
      const parts = partsOf(entry.name);
      return entry.kind === "directory"
        ? new DirectoryDraft(to, entry, parts)
        : await openFile(to, entry, parts, transfer, algorithm);
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
  let first: { name: string; transfer: string | undefined } | undefined;
  return {
    async open(entry, transfer, algorithm = "sha256") {
      const { kind, name } = entry;
      // The same transfer may come back for its file on another connection.
      const again = transfer !== undefined && first?.transfer === transfer &&
        first.name === name;
      if (kind === "directory" || (first && !again)) {
        throw new TransferError(
          "rejected",
          {
            doing: `store ${quote(name)}`,
            found: "the receiver takes one file only",
          },
        );
      }
      first = { name, transfer };
      return await openFile(
        to,
        entry,
        [basename(path)],
        transfer,
        algorithm,
      );
    },
  };
}
