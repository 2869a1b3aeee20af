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

import type { Algorithm, Digest } from "../../base/digest.ts";
import type { TransferError } from "../../base/errors.ts";
import type { Entry } from "../../model/entry.ts";
import { RESUME_BYTES } from "../../model/resume.ts";
import {
  type CommitPhase,
  type Committed,
  type Draft,
  draftEnded,
  type Resumable,
} from "../sink.ts";
import { takenOver } from "./active_drafts.ts";
import type { Destination } from "./destination.ts";
import { typeDiskErrors } from "./disk_errors.ts";
import { findPartial, type PartialFile } from "./find_partial.ts";
import { publish } from "./publish.ts";
import { closeTemp, createTemp, removeTemp } from "./temp_budget.ts";
import type { TempFile } from "./temp_files.ts";

/** How far the draft's temporary file is. */
type State =
  /** There is none, or it is being created. */
  | { kind: "new"; creating?: Promise<Writable> }
  /** An earlier attempt's, complete until it is cut back to where it goes on. */
  | ({ kind: "resumable"; starting?: Promise<void> } & PartialFile)
  | Writable
  /** It may have its final name: nobody may write to it any more. */
  | { kind: "published"; temp: TempFile }
  /** It is closed, and kept or removed. */
  | { kind: "ended" };

/** A temporary file that takes bytes. */
interface Writable {
  kind: "writable";
  temp: TempFile;
  /** How many bytes it has. */
  length: number;
}

/** A draft of a file; nothing of it is on the disk before its first byte. */
export class FileDraft implements Draft {
  resumable: Resumable | undefined;
  readonly #to: Destination;
  readonly #entry: Entry;
  readonly #parts: string[];
  #state: State = { kind: "new" };
  /** Resolves when no operation uses the file any more. */
  #idle: Promise<void> = Promise.resolve();
  /** Refuses operations from the draft's end on; its reason says why. */
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
   * Looks for what an earlier attempt left, and shows it as `resumable`.
   *
   * @param algorithm The algorithm of its digests.
   * @param mayExist Whether the name has what may be the same file: that needs
   * no free space.
   * @throws {TransferError} `local-io` when the destination cannot be read or
   * has too little space.
   */
  async findPartial(algorithm: Algorithm, mayExist = false): Promise<void> {
    if (!this.#resumes) return;
    // As an operation, so that whoever takes the draft over waits for it.
    await this.#run(async () => {
      const { signal } = this.#leaving;
      const options = { mode: this.#mode, mayExist, algorithm, signal };
      const partial = await findPartial(
        this.#to,
        this.#entry,
        this.#parts,
        options,
      );
      if (!partial) return;
      const state: State = { kind: "resumable", ...partial };
      this.#state = state;
      const { length, block, digests } = partial.held;
      const start = async (offset: number): Promise<Digest> => {
        const digest = partial.held.at(offset);
        await (state.starting ??= this.#cutBack(partial.temp, offset));
        return digest;
      };
      if (length > 0) {
        this.resumable = { length, block, algorithm, digests, start };
      }
    });
  }

  async write(piece: Uint8Array): Promise<void> {
    if (this.#state.kind === "resumable") await this.#startOver();
    // No wait before the call, once the file is open: the caller computes the
    // digest of the same piece while another thread writes it.
    await this.#run(async () => {
      const state = this.#state;
      const to = state.kind === "writable" ? state : await this.#open();
      let written = 0;
      while (written < piece.length) {
        written += await to.temp.file.write(piece.subarray(written));
      }
      to.length += piece.length;
    });
  }

  async commit(onPhase?: (phase: CommitPhase) => void): Promise<Committed> {
    const committing = this.#startOver()
      .then(() => this.#run(() => this.#commit(onPhase)));
    await Promise.allSettled([committing]);
    // A temporary name that cannot be removed undoes no commit: it is swept.
    await Promise.allSettled([this.abort()]);
    return await committing;
  }

  async #commit(onPhase?: (phase: CommitPhase) => void): Promise<Committed> {
    const { temp } = await this.#open();
    const { mtime, mode } = this.#entry;
    onPhase?.("syncing");
    if (mode !== undefined) await Deno.chmod(temp.path, mode & 0o777);
    if (mtime !== undefined) await temp.file.utime(new Date(), new Date(mtime));
    await this.#to.files.sync(temp.file);
    onPhase?.("committing");
    const parents = this.#parts.slice(0, -1);
    const directory = await this.#to.makeDirectories(parents);
    const { policy, files } = this.#to;
    this.#state = { kind: "published", temp }; // before it can be true
    const { last, existing } = await publish(
      temp.path,
      directory,
      this.#parts.at(-1)!,
      policy,
      files,
    );
    await this.#to.syncDirectories(parents);
    return { name: [...parents, last].join("/"), durable: true, existing };
  }

  keep(): Promise<void> {
    return this.#end(draftEnded(this.#entry.name), async (temp, length) => {
      if (!this.#resumes || length < RESUME_BYTES) {
        return await removeTemp(this.#to, temp);
      }
      try {
        await this.#to.files.sync(temp.file);
      } catch (error) {
        await removeTemp(this.#to, temp); // its bytes may not be on the disk
        throw error;
      }
      await closeTemp(this.#to, temp);
    });
  }

  /** Keeps the file for the same transfer's next connection. */
  async release(): Promise<void> {
    this.#leaving.abort(takenOver(this.#entry.name));
    await this.keep();
  }

  abort(): Promise<void> {
    return this.#end(
      draftEnded(this.#entry.name),
      (temp) => removeTemp(this.#to, temp),
    );
  }

  /** Ends the draft, in the way that was asked for first. */
  #end(
    why: TransferError,
    leave: (temp: TempFile, length: number) => Promise<void>,
  ): Promise<void> {
    this.#leaving.abort(why); // unless it was for another reason
    return this.#ending ??= typeDiskErrors(this.#entry.name, async () => {
      try {
        await this.#idle; // each operation tells its own caller how it ended
        const left = leftOf(this.#state);
        this.#state = { kind: "ended" };
        if (left) await leave(left.temp, left.length);
      } finally {
        // Not earlier: who takes the file over waits for this.
        this.#to.drafts.remove(this.#parts.join("/"), this);
      }
    });
  }

  /** Runs an operation on the file, unless the draft has ended. */
  async #run<T>(operation: () => Promise<T>): Promise<T> {
    this.#leaving.signal.throwIfAborted();
    const running = typeDiskErrors(this.#entry.name, operation);
    this.#idle = Promise.allSettled([this.#idle, running]).then(() => {});
    return await running;
  }

  /** Begins with nothing where nobody asked for what is held. */
  async #startOver(): Promise<void> {
    const state = this.#state;
    if (state.kind !== "resumable") return;
    await (state.starting ??= this.#cutBack(state.temp, 0));
  }

  async #cutBack(temp: TempFile, length: number): Promise<void> {
    await this.#run(async () => {
      await temp.file.truncate(length);
      await temp.file.seek(length, Deno.SeekMode.Start);
      this.#state = { kind: "writable", temp, length };
    });
  }

  async #open(): Promise<Writable> {
    const state = this.#state;
    if (state.kind === "writable") return state;
    if (state.kind !== "new") throw draftEnded(this.#entry.name);
    return await (state.creating ??= this.#create());
  }

  async #create(): Promise<Writable> {
    const { signal } = this.#leaving;
    const temp = await createTemp(this.#to, this.#parts, this.#mode, signal);
    return this.#state = { kind: "writable", temp, length: 0 };
  }

  /**
   * Permission bits while it is a draft. Those to be kept may be stricter than
   * the umask: then nobody else may read the draft either.
   */
  get #mode(): number {
    return this.#entry.mode === undefined ? 0o666 : 0o600;
  }

  /** Whether a later attempt may go on with what this one leaves. */
  get #resumes(): boolean {
    const { size = Infinity } = this.#entry;
    return size >= RESUME_BYTES;
  }
}

/** The temporary file, and how many of its bytes a later attempt could use. */
function leftOf(
  state: State,
): { temp: TempFile; length: number } | undefined {
  switch (state.kind) {
    case "resumable":
      return { temp: state.temp, length: state.held.length };
    case "writable":
      return state;
    case "published":
      return { temp: state.temp, length: 0 };
  }
}
