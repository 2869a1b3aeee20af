/**
 * Which draft a file gets: a new one, an earlier attempt's, or the file that
 * has its name already.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Algorithm } from "../../base/digest.ts";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import type { Entry } from "../../model/entry.ts";
import { decide, type Decision, foundAt } from "../conflict.ts";
import type { Draft } from "../sink.ts";
import type { Destination } from "./destination.ts";
import { typeDiskErrors } from "./disk_errors.ts";
import { ExistingDraft } from "./existing_draft.ts";
import { FileDraft } from "./file_draft.ts";

/** Longest path that Linux takes, in bytes: PATH_MAX without its final NUL. */
const MAX_PATH_BYTES = 4_095;

/**
 * Opens a draft for a file.
 *
 * @param to Where the file belongs.
 * @param entry What was announced of it.
 * @param parts Its name, taken apart and checked.
 * @param transfer The transfer's id, if it has one.
 * @param algorithm The algorithm of the digests of what is held.
 * @returns The draft, with what the receiver holds of the file already.
 * @throws {TransferError} `rejected` when its commit would be refused whatever
 * bytes come, `local-io` when the destination cannot be read or has no room.
 */
export async function openFile(
  to: Destination,
  entry: Entry,
  parts: string[],
  transfer: string | undefined,
  algorithm: Algorithm,
): Promise<Draft> {
  const name = parts.join("/");
  await to.drafts.evict(name, transfer);
  const { info, decision } = await decideEarly(to, entry, parts);
  const existing = () =>
    ExistingDraft.open(to, entry, parts, transfer, info!, algorithm);
  const { size = 0 } = entry;
  const comparable = decision === "compare" && size > 0;
  const different = { kind: "file", size, content: "different" } as const;
  // Then nothing else can be stored there, and a partial is of no use.
  const only = comparable && decide(to.policy, entry, different) === "reject";
  if (only) return await existing();
  const draft = new FileDraft(to, entry, parts);
  await to.drafts.add(name, transfer, draft);
  try {
    await draft.findPartial(algorithm, comparable);
  } catch (error) {
    await draft.abort();
    throw error;
  }
  if (!comparable || draft.resumable) return draft;
  await draft.abort();
  return await existing();
}

/**
 * Looks at what has an entry's name, and refuses early what its commit would
 * refuse whatever bytes come.
 *
 * @param to Where the file belongs.
 * @param entry What was announced of it.
 * @param parts Its name, taken apart and checked.
 * @returns What has the name, and what is to be done about it as far as is
 * known before the bytes come.
 * @throws {TransferError} `rejected`, saying what has the name.
 */
export async function decideEarly(
  to: Destination,
  entry: Entry,
  parts: readonly string[],
): Promise<{ info: Deno.FileInfo | null; decision: Decision }> {
  const doing = `store ${quote(entry.name)}`;
  if (Buffer.byteLength(join(to.root, ...parts)) > MAX_PATH_BYTES) {
    throw new TransferError(
      "rejected",
      { doing, found: `its path has more than ${MAX_PATH_BYTES} bytes here` },
    );
  }
  const info = await typeDiskErrors(entry.name, () => to.lstat(parts));
  const found = foundAt(info);
  const decision = decide(to.policy, entry, found);
  if (decision !== "reject") return { info, decision };
  const what = found.kind === "directory"
    ? "a directory"
    : found.kind === "file"
    ? `a file of ${found.size} bytes`
    : "other content";
  throw new TransferError(
    "rejected",
    { doing, found: `${what} has that name already` },
  );
}
