/**
 * The receiver's side of the conversation, on one connection.
 *
 * @module
 */

import { onAbort } from "../../base/abort.ts";
import { CallbackGuard } from "../../base/callbacks.ts";
import { asTransferError, TransferError } from "../../base/errors.ts";
import { notify } from "../../model/events.ts";
import { HEARTBEAT_MS, type Progress } from "../../model/progress.ts";
import type { Receipt } from "../../model/receipt.ts";
import { CLOSE_BOUNDS, REJECTION_BOUNDS } from "../../net/half_close.ts";
import type { Sink } from "../../sink/sink.ts";
import { type Hello, SESSION } from "../../wire/frames.ts";
import type { Channel } from "../channel.ts";
import { failFrameOf } from "../fail.ts";
import { EntryReceiver } from "./entry_receiver.ts";
import type { SessionOptions } from "./session_options.ts";

/**
 * How long a sender may take to hear that the session was aborted, in
 * milliseconds.
 */
const STOP_MS = 1_000;

/**
 * What the session is at: all frames are heard while it is `receiving`; once it
 * is `stopping`, after an abort, or has `failed`, only the end is to come.
 */
type Stage = "receiving" | "stopping" | "failed";

/** Takes one sender's entries over one connection. */
export class ReceiverSession {
  readonly #channel: Channel;
  readonly #id: Uint8Array;
  readonly #options: SessionOptions;
  readonly #receipts: Receipt[] = [];
  readonly #callbacks = new CallbackGuard();
  #stage: Stage = "receiving";
  #closing: ReturnType<typeof setTimeout> | undefined;

  /**
   * Makes a session; both sides have said HELLO.
   *
   * @param channel The connection. The session closes it.
   * @param hello The sender's HELLO.
   * @param options Bounds and callbacks.
   */
  constructor(channel: Channel, hello: Hello, options: SessionOptions) {
    this.#channel = channel;
    this.#id = hello.id;
    this.#options = options;
  }

  /**
   * Declines the session: says why, half-closes, drains, closes.
   *
   * @param why What the sender is told.
   */
  async decline(why: TransferError): Promise<void> {
    await this.#channel.hangUp(REJECTION_BOUNDS, failFrameOf(SESSION, why));
  }

  /**
   * Takes the sender's entries until it has finished, and closes the connection.
   *
   * On abort: the options' signal ends the session as described there.
   *
   * @param sink Where they land.
   * @returns The receipts that were sent, in the order of the commits.
   * @throws {TransferError} What ended the session; or, with everything else
   * delivered, why entries failed; or else `internal` for a callback that threw.
   */
  async run(sink: Sink): Promise<Receipt[]> {
    const receiver = new EntryReceiver(this.#channel, sink, {
      id: this.#id,
      algorithm: this.#channel.agreement.digest,
      maxSize: this.#options.maxSize ?? Infinity,
      onReceipt: (receipt) => {
        this.#receipts.push(receipt);
        notify({ event: "receipt", receipt }, this.#options, this.#callbacks);
      },
    });
    try {
      await this.#converse(receiver);
    } finally {
      clearTimeout(this.#closing);
      // The sender need not wait for that.
      await this.#callbacks.settled(this.#options.signal);
    }
    receiver.failures.rethrow();
    this.#callbacks.rethrow();
    return this.#receipts;
  }

  async #converse(receiver: EntryReceiver): Promise<void> {
    const { signal } = this.#options;
    using _ = onAbort(signal, () => this.#stop(receiver));
    const heartbeat = setInterval(() => this.#beat(receiver), HEARTBEAT_MS);
    try {
      if (signal?.aborted) this.#stop(receiver);
      await this.#hearAll(receiver);
      await receiver.committed();
      await this.#channel.flush();
    } catch (error) {
      await this.#giveUp(receiver, error);
    } finally {
      clearInterval(heartbeat);
    }
    await this.#channel.hangUp(CLOSE_BOUNDS);
  }

  async #hearAll(receiver: EntryReceiver): Promise<void> {
    const { entries } = receiver;
    for (;;) {
      const [frame] = await Promise.all([
        this.#channel.hear(),
        receiver.written(),
      ]);
      if (frame === null) throw entries.cutOff();
      if (this.#stage === "stopping") continue;
      if (frame.type === "finish") return entries.finish(frame.entries);
      await receiver.hear(frame);
      if (this.#channel.congested) await this.#channel.flush();
    }
  }

  /** Says what is being done: a slow disk must not look like a silent peer. */
  #beat({ entries, opening }: EntryReceiver): void {
    const { first, confirmed, total } = entries;
    const phase = opening ? "verifying" : first?.phase ?? "receiving";
    const bytes = first?.received ?? 0;
    if (this.#channel.quiet && this.#stage !== "stopping") {
      const entry = first?.open.entry ?? SESSION;
      this.#channel.say({ type: "alive", entry, phase, bytes });
    }
    // What is kept for a later session is no progress of this one.
    if (this.#stage !== "receiving") return;
    const progress: Progress = { phase, bytes: confirmed + bytes };
    if (total !== undefined) progress.total = total;
    const event = { event: "progress", ...progress } as const;
    notify(event, this.#options, this.#callbacks);
  }

  /** Tells the sender that the session was aborted, and lets it end. */
  #stop(receiver: EntryReceiver): void {
    this.#stage = "stopping";
    receiver.stop();
    this.#closing = setTimeout(() => this.#channel.close(), STOP_MS);
    const why = new TransferError(
      "rejected",
      { doing: "go on", found: "the receiver is stopping" },
      { retriable: true },
    );
    // What is being committed still gets its receipt: a FAIL would deny it.
    receiver.committed().then(() => {
      this.#channel.say(failFrameOf(SESSION, why));
      return this.#channel.finish();
    }).catch(() => this.#channel.close()); // the sender is gone, or time is up
  }

  /** Ends a session that cannot go on, and keeps what another can resume. */
  async #giveUp(receiver: EntryReceiver, error: unknown): Promise<never> {
    const failure = asTransferError(error, "internal", "receive");
    const stopped = this.#stage === "stopping";
    if (!stopped) this.#stage = "failed";
    await receiver.giveUp();
    if (stopped || failure.code === "lost") {
      this.#channel.close();
    } else {
      await this.#channel.hangUp(CLOSE_BOUNDS, failFrameOf(SESSION, failure));
    }
    throw stopped ? this.#options.signal?.reason : failure;
  }
}
