/**
 * What a session does with the frames for its entries.
 *
 * Commits run beside the hearing, so that many small files do not wait for each
 * other's fsync; their number is bounded.
 *
 * @module
 */

import type { Algorithm } from "../../base/digest.ts";
import { asTransferError, TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { TaskGroup } from "../../base/task_group.ts";
import type { Receipt } from "../../model/receipt.ts";
import type { Sink } from "../../sink/sink.ts";
import {
  type Data,
  type End,
  type Fail,
  type Frame,
  type Open,
  SESSION,
} from "../../wire/frames.ts";
import type { Channel } from "../channel.ts";
import { errorOfFail, failFrameOf } from "../fail.ts";
import { EntryTable } from "./entry_table.ts";
import { Failures } from "./failures.ts";
import { IncomingEntry } from "./incoming_entry.ts";
import { settleEntry } from "./settle_entry.ts";

/** Options of an {@linkcode EntryReceiver}. */
export interface EntryReceiverOptions {
  /** The transfer's id. */
  id: Uint8Array;
  /** The digest algorithm that both sides agreed on. */
  algorithm: Algorithm;
  /** Largest entry that is accepted, in bytes. */
  maxSize: number;
  /** Called with each receipt, once it is said. It may not throw. */
  onReceipt(receipt: Receipt): void;
}

/** Commits under way at once: enough for one directory sync to serve many. */
const MAX_COMMITS = 64;

/** Takes entries, and answers each of them with its receipt or its failure. */
export class EntryReceiver {
  /** The entries that have no receipt yet. */
  readonly entries = new EntryTable();
  /** The failures of single entries. */
  readonly failures = new Failures();
  readonly #channel: Channel;
  readonly #sink: Sink;
  readonly #options: EntryReceiverOptions;
  readonly #commits = new TaskGroup(MAX_COMMITS);
  /** The write of the last DATA, whose bytes lie in the channel's buffer. */
  #writing: Promise<void> | undefined;
  #opening = false;
  #stopped = false;

  /**
   * Begins with no entry.
   *
   * @param channel Where the answers go.
   * @param sink Where the entries land.
   * @param options Bounds and callbacks.
   */
  constructor(channel: Channel, sink: Sink, options: EntryReceiverOptions) {
    this.#channel = channel;
    this.#sink = sink;
    this.#options = options;
  }

  /** Whether the sink is opening a draft, which may prove a large partial. */
  get opening(): boolean {
    return this.#opening;
  }

  /**
   * Does what a frame asks for, as far as the next frame has to wait for it.
   *
   * @param frame Anything but FINISH.
   * @throws {TransferError} What ends the session: `protocol` for a frame out of
   * place, the sender's own code for its FAIL.
   */
  async hear(frame: Frame): Promise<void> {
    switch (frame.type) {
      case "open":
        return await this.#hearOpen(frame);
      case "data":
        return this.#hearData(frame);
      case "end":
        return await this.#hearEnd(frame);
      case "fail":
        return await this.#hearFail(frame);
      case "alive":
        return;
      default:
        throw new TransferError("protocol", {
          doing: "go on",
          found: `the sender said ${frame.type.toUpperCase()}`,
        });
    }
  }

  /**
   * Waits until the last DATA is written: its buffer is the next to be read into.
   *
   * @throws {TransferError} `protocol` where it was out of place. What else goes
   * wrong fails its entry alone.
   */
  async written(): Promise<void> {
    await this.#writing;
  }

  /**
   * Waits until every commit has ended.
   *
   * @throws {TransferError} What ends the session.
   */
  async committed(): Promise<void> {
    await this.#commits.allDone();
  }

  /** Begins no further commit; those under way end with their receipts. */
  stop(): void {
    this.#stopped = true;
  }

  /** Ends all entries, and keeps what another session can resume. */
  async giveUp(): Promise<void> {
    await Promise.allSettled([this.#writing]); // the first failure is thrown
    await this.#commits.currentDone();
    await this.entries.keepAll();
  }

  async #hearOpen(open: Open): Promise<void> {
    this.entries.announce(open);
    try {
      this.#opening = true;
      const incoming = await IncomingEntry.begin(
        open,
        this.#sink,
        this.#options.maxSize,
        this.#options.id.toHex(),
        this.#options.algorithm,
      );
      this.entries.add(incoming);
      const { length: held, block, algorithm, digests } = incoming.held;
      const about = { held, block, algorithm, digests };
      this.#channel.say({ type: "accept", entry: open.entry, ...about });
    } catch (error) {
      await this.#failEntry(open, error);
    } finally {
      this.#opening = false;
    }
  }

  #hearData(data: Data): void {
    const incoming = this.entries.find(data);
    if (!incoming) return;
    this.#writing = incoming.write(data).catch((error) =>
      this.#failEntry(incoming.open, error)
    );
    this.#writing.catch(() => {}); // awaited together with the next frame
  }

  async #hearEnd(end: End): Promise<void> {
    const incoming = this.entries.find(end);
    if (!incoming) return;
    await this.#commits.slotFree();
    if (this.#stopped) return; // the FAIL that follows denies this entry
    const verified = Promise.withResolvers<void>();
    const settling = this.#settle(incoming, end, verified.resolve);
    this.#commits.add(settling);
    await Promise.race([verified.promise, settling]);
  }

  /** Settles an entry beside the hearing; rejects where order was broken. */
  async #settle(
    incoming: IncomingEntry,
    end: End,
    onVerified: () => void,
  ): Promise<void> {
    // A file that gets its name changes its directory's modification time.
    const commitAfter = incoming.open.kind === "directory"
      ? this.#commits.currentDone()
      : undefined;
    try {
      const receipt = await settleEntry(incoming, end, {
        id: this.#options.id,
        onVerified,
        commitAfter,
        say: (frame) => this.#channel.say(frame),
      });
      this.entries.settle(end.entry, end.length);
      this.#options.onReceipt(receipt);
    } catch (error) {
      await this.#failEntry(incoming.open, error);
    }
  }

  async #hearFail(fail: Fail): Promise<void> {
    if (fail.entry === SESSION) {
      throw errorOfFail(fail, "receive the rest", "sender");
    }
    const incoming = this.entries.find(fail);
    if (!incoming) return;
    const doing = `receive ${quote(incoming.open.name)}`;
    this.failures.add(errorOfFail(fail, doing, "sender"));
    await this.entries.drop(fail.entry);
  }

  /** Drops an entry and says why. The others go on, unless order was broken. */
  async #failEntry(open: Open, error: unknown): Promise<void> {
    const doing = `take ${quote(open.name)}`;
    const failure = asTransferError(error, "internal", doing);
    if (failure.code === "protocol") throw failure;
    this.failures.add(failure);
    await this.entries.refuse(open.entry);
    this.#channel.say(failFrameOf(open.entry, failure));
  }
}
