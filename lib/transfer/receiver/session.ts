/**
 * One sender's session, at the receiver: which frame may come when, and what
 * is answered.
 *
 * Commits run beside the reading, so that many small files do not wait for each
 * other's fsync; their number is bounded.
 *
 * @module
 */

import { onAbort } from "../../base/abort.ts";
import { asTransferError, TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { TaskGroup } from "../../base/task_group.ts";
import { HEARTBEAT_MS, type Progress } from "../../model/progress.ts";
import type { Receipt } from "../../model/receipt.ts";
import { CLOSE_BOUNDS, REJECTION_BOUNDS } from "../../net/half_close.ts";
import type { Sink } from "../../sink/sink.ts";
import {
  type Data,
  type End,
  type Fail,
  type Frame,
  type Hello,
  type Open,
  SESSION,
} from "../../wire/frames.ts";
import type { Channel } from "../channel.ts";
import { errorOfFail, failFrameOf } from "../fail.ts";
import { receiptOf } from "../receipt_frame.ts";
import { EntryTable } from "./entry_table.ts";
import { Failures } from "./failures.ts";
import { IncomingEntry } from "./incoming_entry.ts";
import type { SessionOptions } from "./session_options.ts";

/** How long a stopped sender gets to hear why, in milliseconds. */
const STOP_MS = 1_000;

/** Commits under way at once: enough for one directory sync to serve many. */
const MAX_COMMITS = 64;

/** One sender's session. */
export class ReceiverSession {
  readonly #channel: Channel;
  readonly #id: Uint8Array;
  readonly #options: SessionOptions;
  readonly #entries = new EntryTable();
  readonly #commits = new TaskGroup(MAX_COMMITS);
  readonly #receipts: Receipt[] = [];
  readonly #failures = new Failures();
  #writing: Promise<void> | undefined;
  /** Whether what is there of an entry is being looked at. */
  #looking = false;
  #settledBytes = 0;
  #stopped: ReturnType<typeof setTimeout> | undefined;
  #onProgress: ((progress: Progress) => void) | undefined;

  /**
   * Makes a session; both sides have said HELLO.
   *
   * @param channel The connection. The session ends it.
   * @param hello What the sender said.
   * @param options Bounds and callbacks.
   */
  constructor(channel: Channel, hello: Hello, options: SessionOptions) {
    this.#channel = channel;
    this.#id = hello.id;
    this.#options = options;
    this.#onProgress = options.onProgress;
  }

  /**
   * Declines everything, politely: says why, half-closes, drains, closes.
   *
   * @param why What the sender is told.
   */
  async decline(why: TransferError): Promise<void> {
    await this.#channel.hangUp(REJECTION_BOUNDS, failFrameOf(SESSION, why));
  }

  /**
   * Takes the sender's entries until it has finished.
   *
   * On abort: the options' signal ends the session as said there.
   *
   * @param sink Where they land.
   * @returns The receipts that were sent, in the order of the commits.
   * @throws {TransferError} What ended the session, or, with everything else
   * delivered, what became of the entries that failed.
   */
  async run(sink: Sink): Promise<Receipt[]> {
    try {
      await this.#converse(sink);
    } finally {
      await this.#failures.told(); // the sender need not wait for that
    }
    this.#failures.rethrow();
    return this.#receipts;
  }

  async #converse(sink: Sink): Promise<void> {
    const { signal } = this.#options;
    using _ = onAbort(signal, () => this.#stop());
    const heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    try {
      if (signal?.aborted) this.#stop();
      await this.#hearAll(sink);
      await this.#commits.allDone();
      await this.#channel.flush();
    } catch (error) {
      await this.#giveUp(error);
    } finally {
      clearInterval(heartbeat);
      clearTimeout(this.#stopped);
    }
    await this.#channel.hangUp(CLOSE_BOUNDS);
  }

  async #hearAll(sink: Sink): Promise<void> {
    for (;;) {
      const [frame] = await Promise.all([
        this.#channel.hear(),
        this.#writing, // its buffer is the next to be read into
      ]);
      if (frame === null) throw this.#entries.cutOff();
      if (this.#stopped) continue;
      if (frame.type === "finish") return this.#entries.finish(frame.entries);
      await this.#take(frame, sink);
      if (this.#channel.congested) await this.#channel.flush();
    }
  }

  async #take(frame: Frame, sink: Sink): Promise<void> {
    switch (frame.type) {
      case "open":
        return await this.#open(frame, sink);
      case "data":
        return this.#data(frame);
      case "end":
        return await this.#end(frame);
      case "fail":
        return await this.#senderFailed(frame);
      case "alive":
        return;
      default:
        throw new TransferError(
          "protocol",
          {
            doing: "go on",
            found: `the sender said ${frame.type.toUpperCase()}`,
          },
        );
    }
  }

  async #open(open: Open, sink: Sink): Promise<void> {
    this.#entries.announce(open);
    try {
      const limit = this.#options.maxSize ?? Infinity;
      const transfer = this.#id.toHex();
      this.#looking = true; // what is there already may be large
      const incoming = await IncomingEntry.begin(open, sink, limit, transfer);
      this.#entries.add(incoming);
      const { length: held, block, proof } = incoming.held;
      const { entry } = open;
      this.#channel.say({ type: "accept", entry, held, block, proof });
    } catch (error) {
      await this.#failEntry(open, error);
    } finally {
      this.#looking = false;
    }
  }

  #data(data: Data): void {
    const incoming = this.#entries.find(data);
    if (!incoming) return;
    this.#writing = incoming.write(data).catch((error) =>
      this.#failEntry(incoming.open, error)
    );
    this.#writing.catch(() => {}); // looked at before the next frame is taken
  }

  async #end(end: End): Promise<void> {
    const incoming = this.#entries.find(end);
    if (!incoming) return;
    try {
      await incoming.verify(end);
    } catch (error) {
      return await this.#failEntry(incoming.open, error);
    }
    await this.#commits.slotFree();
    if (this.#stopped) return; // the sender is told that this is not committed
    this.#commits.add(this.#commit(incoming, end));
  }

  async #commit(incoming: IncomingEntry, end: End): Promise<void> {
    try {
      // A file that gets its name changes its directory's modification time.
      const directory = incoming.open.kind === "directory";
      if (directory) await this.#commits.currentDone();
      const frame = await incoming.commit(end, this.#id);
      this.#entries.settle(end.entry);
      this.#settledBytes += end.length;
      const receipt = receiptOf(frame);
      this.#receipts.push(receipt);
      this.#channel.say(frame);
      const doing = `tell of ${quote(receipt.name)}`;
      this.#failures.guard(doing, () => this.#options.onReceipt?.(receipt));
    } catch (error) {
      await this.#failEntry(incoming.open, error);
    }
  }

  /** Drops an entry and says why. The others go on, unless order was broken. */
  async #failEntry(open: Open, error: unknown): Promise<void> {
    const doing = `take ${quote(open.name)}`;
    const failure = asTransferError(error, "internal", doing);
    if (failure.code === "protocol") throw failure;
    this.#failures.add(failure);
    await this.#entries.refuse(open.entry);
    this.#channel.say(failFrameOf(open.entry, failure));
  }

  async #senderFailed(fail: Fail): Promise<void> {
    if (fail.entry === SESSION) {
      throw errorOfFail(fail, "receive the rest", "sender");
    }
    const incoming = this.#entries.find(fail);
    if (!incoming) return;
    const what = `receive ${quote(incoming.open.name)}`;
    this.#failures.add(errorOfFail(fail, what, "sender"));
    await this.#entries.drop(fail.entry);
  }

  /** Says what is going on, so that a slow disk is not taken for a dead peer. */
  #beat(): void {
    const { first } = this.#entries;
    const phase = this.#looking ? "verifying" : first?.phase ?? "receiving";
    const bytes = first?.received ?? 0;
    if (this.#channel.quiet && !this.#stopped) {
      const entry = first?.open.entry ?? SESSION;
      this.#channel.say({ type: "alive", entry, phase, bytes });
    }
    // Of many entries nobody here knows how many there will be, and of one that
    // is not open yet, or failed, nothing tells how much is to come.
    const known = this.#entries.count === 1 &&
      (first !== undefined || this.#receipts.length > 0);
    const size = known ? this.#entries.size : undefined;
    const done = this.#settledBytes;
    const total = size === undefined ? {} : { total: done + size };
    const progress = { phase, bytes: done + bytes, ...total };
    this.#failures.guard("tell how far", () => this.#onProgress?.(progress))
      .then((told) => {
        if (!told) this.#onProgress = undefined; // once is enough
      });
  }

  /** Tells the sender and lets it end; what still comes is not taken. */
  #stop(): void {
    this.#stopped = setTimeout(() => this.#channel.close(), STOP_MS);
    const why = new TransferError(
      "rejected",
      { doing: "go on", found: "the receiver is stopping" },
      { retriable: true },
    );
    // What is being committed still gets its receipt: a FAIL would deny it.
    this.#commits.allDone().then(() => {
      this.#channel.say(failFrameOf(SESSION, why));
      return this.#channel.finish();
    }).catch(() => this.#channel.close()); // the sender is gone, or time is up
  }

  /** Ends a session that cannot go on, and keeps what another can go on with. */
  async #giveUp(error: unknown): Promise<never> {
    const failure = asTransferError(error, "internal", "receive");
    this.#onProgress = undefined; // what is kept for later is no part of it
    await Promise.allSettled([this.#writing]); // the first failure is the one to tell
    await this.#commits.currentDone();
    await this.#entries.keepAll();
    if (this.#stopped || failure.code === "lost") {
      this.#channel.close();
    } else {
      await this.#channel.hangUp(CLOSE_BOUNDS, failFrameOf(SESSION, failure));
    }
    throw this.#stopped ? this.#options.signal?.reason : failure;
  }
}
