/**
 * Free space, checked before a file's bytes come.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { formatBytes } from "../../base/format_bytes.ts";

/**
 * Refuses a file that is larger than the free space. A disk that fills up later
 * fails the write; a file system that does not report its size passes.
 *
 * @param directory Where the file would land.
 * @param name Its name, for the message.
 * @param bytes How many bytes of it are still to come.
 * @throws {TransferError} `local-io` when fewer are free.
 */
export async function checkFreeSpace(
  directory: string,
  name: string,
  bytes: number,
): Promise<void> {
  const free = await freeBytes(directory);
  if (free === undefined || bytes <= free) return;
  throw new TransferError(
    "local-io",
    {
      doing: `store ${quote(name)}`,
      found: `the receiver has ${formatBytes(free)} free and the file ` +
        `needs ${formatBytes(bytes)}`,
    },
  );
}

/** Bytes free for ordinary users; `undefined` without the permission to ask. */
async function freeBytes(directory: string): Promise<number | undefined> {
  const ask = { name: "sys", kind: "statfs" } as const;
  const { state } = await Deno.permissions.query(ask);
  if (state !== "granted") return undefined;
  const { bavail, bsize, blocks } = await statfs(directory);
  return blocks > 0 ? bavail * bsize : undefined;
}
