/**
 * Opens the place for what is received, before the receiver listens.
 *
 * @module
 */

import { dirname } from "node:path";
import { asTransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { directorySink, fileSink } from "../../sink/disk/mod.ts";
import type { Sink } from "../../sink/sink.ts";
import { streamSink } from "../../sink/stream_sink.ts";
import type { ReceiveCommand } from "../parse/receive_command.ts";

/**
 * Makes the sink that was asked for.
 *
 * On abort: nothing. Opening a pipe waits for its reader, and cannot be ended.
 *
 * @param command What was asked for.
 * @returns A directory, a file, or a stream for stdout, a pipe or a device.
 * @throws {TransferError} `local-io` where nothing could be written, `usage`
 * where Deno does not allow it.
 */
export async function openSink(
  { output, dir, onConflict }: Pick<
    ReceiveCommand,
    "output" | "dir" | "onConflict"
  >,
): Promise<Sink> {
  try {
    if (output === "-") return streamSink(Deno.stdout);
    if (output === undefined) {
      await mustBeDirectory(dir);
      return directorySink(dir, { onConflict });
    }
    const info = await statIfThere(output);
    if (info?.isDirectory) {
      throw new Error("it is a directory; -d DIR puts files into one");
    }
    // A pipe or a device cannot be replaced by a file: it is written to.
    if (info && !info.isFile) {
      return streamSink(await Deno.open(output, { write: true }));
    }
    await mustBeDirectory(dirname(output));
    return fileSink(output, { onConflict });
  } catch (error) {
    const doing = `receive into ${quote(output ?? dir)}`;
    const missing = error instanceof Deno.errors.NotCapable;
    throw asTransferError(error, missing ? "usage" : "local-io", doing);
  }
}

async function mustBeDirectory(path: string): Promise<void> {
  const info = await statIfThere(path);
  if (info?.isDirectory) return;
  throw new Error(
    info
      ? `${quote(path)} is not a directory`
      : `there is no directory ${quote(path)}; make it first`,
  );
}

async function statIfThere(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
