/**
 * Whether a disk has room for a file, asked before its bytes come.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { formatBytes } from "../../base/format_bytes.ts";

/**
 * Refuses a file that cannot fit. A disk that fills up later is found by the
 * write that fails, and a file system that does not know its room is believed.
 *
 * @param directory Where it would land.
 * @param name Its name, for the message.
 * @param bytes How many it still needs.
 * @throws {TransferError} `local-io` when there is less room than that.
 */
export async function mustFit(
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

/** What an ordinary user may still write, where it may be asked for. */
async function freeBytes(directory: string): Promise<number | undefined> {
  const ask = { name: "sys", kind: "statfs" } as const;
  const { state } = await Deno.permissions.query(ask);
  if (state !== "granted") return undefined;
  const { bavail, bsize, blocks } = await statfs(directory);
  return blocks > 0 ? bavail * bsize : undefined;
}
