/**
 * Keeps the answer of a plain TCP peer: on stdout, or in a file.
 *
 * @module
 */

import { asTransferError, TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { within, writeWhole } from "../report/line_writer.ts";

/** How much is written at once, in bytes: a reader may be slow. */
const PIECE_BYTES = 4_096;

/** Where an answer goes. A file keeps what it held until a peer connected. */
export class Reply implements Disposable {
  readonly #path: string;
  readonly #patience: number;
  #file: Deno.FsFile | undefined;

  private constructor(path: string, patience: number, file?: Deno.FsFile) {
    this.#path = path;
    this.#patience = patience;
    this.#file = file;
  }

  /**
   * Opens the file, if it is there; nothing is written yet.
   *
   * @param path A file, or `-` for stdout.
   * @param source The file that is to be sent, or `-` for stdin.
   * @param patience How long a piece waits for a reader, in milliseconds.
   * @returns The place.
   * @throws {TransferError} `local-io` for a file that cannot be written,
   * `usage` for the source itself, or where Deno does not allow it.
   */
  static async open(
    path: string,
    source: string,
    patience: number,
  ): Promise<Reply> {
    if (path === "-") return new Reply(path, patience);
    const file = await openIfThere(path);
    if (file && await isSource(file, source)) {
      file.close();
      throw new TransferError(
        "usage",
        { doing: `write ${quote(path)}`, found: "it is what is to be sent" },
      );
    }
    return new Reply(path, patience, file);
  }

  /**
   * Makes or empties the file, once a peer is connected that may answer.
   *
   * @throws {TransferError} `local-io` for a file that cannot be made.
   */
  begin(): void {
    if (this.#path === "-") return;
    try {
      this.#file ??= Deno.openSync(this.#path, { write: true, create: true });
      empty(this.#file);
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }

  /**
   * Writes a piece.
   *
   * @param bytes The piece; it may change afterwards.
   * @throws {Error} Where it cannot be written, or was not read in time.
   */
  async write(bytes: Uint8Array): Promise<void> {
    const to = this.#file ?? Deno.stdout;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.slice(at, at + PIECE_BYTES);
      const done = await within(this.#patience, writeWhole(to, piece));
      if (!done) throw new Error("nobody reads it");
      if (done.error !== undefined) throw done.error;
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file?.close();
  }
}

/** Opening a pipe waits for its reader, and may not keep signals waiting. */
async function openIfThere(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path, { write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw cannotWrite(path, error);
  }
}

async function isSource(file: Deno.FsFile, source: string): Promise<boolean> {
  if (source === "-") return false;
  // What may not be looked at is not what may be read; and what is wrong with
  // the source is told by whoever reads it.
  const [to, from] = await Promise.allSettled([
    file.stat(),
    Deno.stat(source),
  ]);
  return to.status === "fulfilled" && from.status === "fulfilled" &&
    to.value.isFile && to.value.dev === from.value.dev &&
    to.value.ino === from.value.ino;
}

function empty(file: Deno.FsFile): void {
  try {
    file.truncateSync();
  } catch (error) {
    // A pipe or a device holds nothing, and cannot be cut.
    const { code } = error as { code?: string };
    if (code !== "EINVAL") throw error;
  }
}

function cannotWrite(path: string, error: unknown): TransferError {
  const code = error instanceof Deno.errors.NotCapable ? "usage" : "local-io";
  return asTransferError(error, code, `write ${quote(path)}`);
}
