/**
 * A file on its way to the disk.
 *
 * It is a temporary file in the destination's own file system. Its commit is,
 * in this order: fsync of the data, the name, fsync of every directory that got
 * a new entry. Only then is it called durable. A failed fsync is never repeated
 * on the same file: the kernel may have dropped the pages and would report
 * success for bytes that are gone.
 *
 * @module
 */

import type { Digest } from "../../base/digest.ts";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { BlockDigests } from "../../model/block_digests.ts";
import type { Entry } from "../../model/entry.ts";
import { RESUME_BYTES } from "../../model/resume.ts";
import {
  type CommitPhase,
  type Committed,
  type Draft,
  draftEnded,
  type Resumable,
} from "../sink.ts";
import type { Destination } from "./destination.ts";
import { typeDiskErrors } from "./disk_errors.ts";
import { checkFreeSpace } from "./free_space.ts";
import { publish } from "./publish.ts";
import { discard, type TempFile } from "./temp_files.ts";

/** A file on its way: nothing on the disk before its first byte. */
export class FileDraft implements Draft {
  resumable: Resumable | undefined;
  readonly #to: Destination;
  readonly #entry: Entry;
  readonly #parts: string[];
  #temp: Promise<TempFile> | undefined;
  /** What is being done with the file; who ends the draft waits for it. */
  #busy: Promise<unknown> = Promise.resolve();
  /** The open file, as soon as it is. */
  #file: Deno.FsFile | undefined;
  #length = 0;
  #started = false;
  #published = false;
  /** Ends what waits for a descriptor; its reason is why the draft has ended. */
  readonly #leaving = new AbortController();
  #ending: Promise<void> | undefined;

  /**
   * Begins a file.
   *
   * @param to Where it belongs.
   * @param entry What was announced of it.
   * @param parts Its name, taken apart and checked.
   */
  constructor(to: Destination, entry: Entry, parts: string[]) {
    this.#to = to;
    this.#entry = entry;
    this.#parts = parts;
  }

  /**
   * Looks for what an earlier attempt left, and proves it.
   *
   * @param mayBeThere Whether the name is taken by what may be all of it: then
   * it needs no room.
   * @throws {TransferError} `local-io` when the destination cannot be read.
   */
  async findPartial(mayBeThere = false): Promise<void> {
    if (!this.#keepable) return;
    // Who takes the file over waits for the look to end.
    await this.#act(async () => {
      const temp = await this.#adopt();
      if (temp || !mayBeThere) await this.#mustFit(temp);
      if (!temp) return;
      this.#temp = Promise.resolve(temp);
      const { size } = await temp.file.stat();
      const most = Math.min(size, this.#entry.size ?? size);
      const proof = await BlockDigests.of((into) => temp.file.read(into), most);
      const start = (offset: number) => this.#start(proof.at(offset), offset);
      const { length, block } = proof;
      this.#length = length;
      if (length === 0) await this.#start(proof.at(0), 0);
      else this.resumable = { length, block, proof: proof.proof, start };
    });
  }

  /** Takes a partial over, within the budget. */
  async #adopt(): Promise<TempFile | undefined> {
    const { signal } = this.#leaving;
    const { temps, descriptors } = this.#to;
    const temp = await temps.adopt(this.#parts, this.#mode);
    try {
      if (temp) await descriptors.acquire(1, { signal });
    } catch (busy) {
      temp?.file.close(); // the partial waits for another attempt
      throw busy;
    }
    return temp;
  }

  /** Looks for room for what is not there yet. */
  async #mustFit(temp: TempFile | undefined): Promise<void> {
    const { name, size } = this.#entry;
    if (size === undefined) return;
    const { size: there } = await temp?.file.stat() ?? { size: 0 };
    try {
      await checkFreeSpace(this.#to.root, name, size - there);
    } catch (error) {
      if (temp) this.#close(temp);
      throw error;
    }
  }

  async write(piece: Uint8Array): Promise<void> {
    if (this.#mustStartOver) await this.#startOver();
    // No wait before the call, once the file is open: the caller computes the
    // digest of the same piece while another thread writes it.
    await this.#act(async () => {
      const file = this.#file ??= (await this.#open()).file;
      let written = 0;
      while (written < piece.length) {
        written += await file.write(piece.subarray(written));
      }
      this.#length += piece.length;
    });
  }

  async commit(onPhase?: (phase: CommitPhase) => void): Promise<Committed> {
    const committing = this.#startOver()
      .then(() => this.#act(() => this.#commit(onPhase)));
    await Promise.allSettled([committing]);
    // That the temporary name cannot be removed undoes no commit: it is swept.
    await Promise.allSettled([this.abort()]);
    return await committing;
  }

  async #commit(onPhase?: (phase: CommitPhase) => void): Promise<Committed> {
    const { path: temp, file } = await this.#open();
    const { mtime, mode } = this.#entry;
    onPhase?.("syncing");
    if (mode !== undefined) await Deno.chmod(temp, mode & 0o777);
    if (mtime !== undefined) await file.utime(new Date(), new Date(mtime));
    await this.#to.files.sync(file);
    onPhase?.("committing");
    const parents = this.#parts.slice(0, -1);
    const directory = await this.#to.makeDirectories(parents);
    const { policy, files } = this.#to;
    this.#published = true; // set before: from here on it is no partial
    const name = this.#parts.at(-1)!;
    const { last, existing } = await publish(
      temp,
      directory,
      name,
      policy,
      files,
    );
    await this.#to.syncDirectories(parents);
    return { name: [...parents, last].join("/"), durable: true, existing };
  }

  keep(): Promise<void> {
    return this.#end(draftEnded(this.#entry.name), async (temp) => {
      const short = !this.#keepable || this.#length < RESUME_BYTES;
      if (short || this.#published) return await this.#remove(temp);
      try {
        await this.#to.files.sync(temp.file);
      } catch (error) {
        await this.#remove(temp); // nobody may go on with what is not on the disk
        throw error;
      }
      this.#close(temp);
    });
  }

  /** Lets go of the file, for the same transfer's next connection. */
  async release(): Promise<void> {
    this.#leaving.abort(takenOver(this.#entry.name));
    await this.keep();
  }

  abort(): Promise<void> {
    return this.#end(
      draftEnded(this.#entry.name),
      (temp) => this.#remove(temp),
    );
  }

  /** Ends the draft, in the way that was asked for first. */
  #end(
    why: TransferError,
    leave: (temp: TempFile) => Promise<void>,
  ): Promise<void> {
    this.#leaving.abort(why); // unless it was for another reason
    return this.#ending ??= typeDiskErrors(this.#entry.name, async () => {
      try {
        // Nothing may be done with the file any more; who asked for it is told.
        await Promise.allSettled([this.#busy]);
        const opening = this.#temp;
        this.#temp = undefined;
        const temp = await opening?.catch(() => undefined); // told as well
        if (temp) await leave(temp);
      } finally {
        // Not earlier: who takes the file over waits for this.
        this.#to.drafts.remove(this.#name, this);
      }
    });
  }

  async #remove(temp: TempFile): Promise<void> {
    try {
      await discard(temp);
    } finally {
      this.#to.descriptors.release(1);
    }
  }

  async #act<T>(operation: () => Promise<T>): Promise<T> {
    this.#leaving.signal.throwIfAborted();
    const acting = typeDiskErrors(this.#entry.name, operation);
    this.#busy = acting;
    return await acting;
  }

  /** Begins with nothing where nobody asked for what is held. */
  async #startOver(): Promise<void> {
    if (this.#mustStartOver) await this.resumable!.start(0);
  }

  get #mustStartOver(): boolean {
    return this.resumable !== undefined && !this.#started;
  }

  async #start(digest: Digest, offset: number): Promise<Digest> {
    this.#started = true;
    await this.#act(async () => {
      const { file } = await this.#open();
      await file.truncate(offset);
      await file.seek(offset, Deno.SeekMode.Start);
      this.#length = offset;
    });
    return digest;
  }

  get #name(): string {
    return this.#parts.join("/");
  }

  /**
   * Permission bits while it is a draft. Those to be kept may be stricter than
   * the umask: then nobody else may look at the draft either.
   */
  get #mode(): number {
    return this.#entry.mode === undefined ? 0o666 : 0o600;
  }

  get #keepable(): boolean {
    const { size = Infinity } = this.#entry;
    return size >= RESUME_BYTES;
  }

  #close({ file }: TempFile): void {
    file.close();
    this.#to.descriptors.release(1);
  }

  #open(): Promise<TempFile> {
    return this.#temp ??= this.#create();
  }

  async #create(): Promise<TempFile> {
    const { signal } = this.#leaving;
    const { temps, descriptors } = this.#to;
    await descriptors.acquire(1, { signal });
    try {
      return await temps.create(this.#parts, this.#mode);
    } catch (error) {
      descriptors.release(1);
      throw error;
    }
  }
}

/**
 * The error of a draft that another connection of its transfer took over. Late
 * packets of a connection that was left can do that to the one that is used:
 * that one comes back for it.
 */
function takenOver(name: string): TransferError {
  return new TransferError(
    "rejected",
    {
      doing: `store ${quote(name)}`,
      found: "another connection of the same transfer took it over",
    },
    { retriable: true },
  );
}
