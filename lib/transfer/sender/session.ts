/**
 * The sender's side of the conversation, on one connection.
 *
 * Two things go on at once: one part writes entries, the other hears the
 * answers. The sender never stops hearing, so the two sides cannot fill both
 * buffers and wait for each other, and a receiver that gives up is heard before
 * the next block is read.
 *
 * @module
 */

import { onAbort } from "../../base/abort.ts";
import { asTransferError, isCut, TransferError } from "../../base/errors.ts";
import { RateLimiter } from "../../base/rate_limiter.ts";
import { HEARTBEAT_MS } from "../../model/progress.ts";
import type { SecuredConn } from "../../security/secured_conn.ts";
import { type Frame, MAX_AHEAD, SESSION } from "../../wire/frames.ts";
import { Channel } from "../channel.ts";
import { errorOfFail, failFrameOf } from "../fail.ts";
import { EntrySender } from "./entry_sender.ts";
import { senderHandshake } from "./handshake.ts";
import { hearAnswer } from "./hear_answer.ts";
import type { OutgoingEntry } from "./outgoing_entry.ts";
import type { SenderSessionOptions } from "./session_options.ts";
import type { Transmission } from "./transmission.ts";
import { TransmissionTable } from "./transmission_table.ts";

/** Entries announced before the one being sent: hides the round trips. */
const LOOKAHEAD = 128;

/**
 * How long the rest may take once the outcome is known, in milliseconds: time
 * for the peer's last frames to come, or for ours to reach it.
 */
const LAST_FRAMES_MS = 1_000;

/** What this side says at the moment. */
type Stage = "greeting" | "sending" | "finished";

/** Delivers entries over one connection. */
export class SenderSession {
  readonly #secured: SecuredConn;
  readonly #channel: Channel;
  readonly #id: Uint8Array;
  readonly #entries: TransmissionTable;
  readonly #options: SenderSessionOptions;
  readonly #entrySender: EntrySender;
  #stage: Stage = "greeting";
  /** The one whose bytes are being sent. */
  #current: Transmission | undefined;
  #heard = Promise.withResolvers<void>();
  /** Whether the receiver has said that it gives the session up. */
  #refused = false;
  /** Why nothing more is to be written, once that is so. */
  #over: TransferError | undefined;
  #closing: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when a writer that is still blocked is no longer waited for. */
  readonly #ended = Promise.withResolvers<void>();

  /**
   * Makes a session of which nothing was said yet.
   *
   * @param secured The connection. The session closes it.
   * @param id The transfer's id.
   * @param entries What is to be delivered, none of it settled yet.
   * @param options Bounds and callbacks.
   */
  constructor(
    secured: SecuredConn,
    id: Uint8Array,
    entries: readonly OutgoingEntry[],
    options: SenderSessionOptions,
  ) {
    this.#secured = secured;
    const { conn, credentials } = secured;
    this.#channel = new Channel(conn, options.idleTimeout, { credentials });
    this.#id = id;
    this.#entries = new TransmissionTable(entries);
    this.#options = options;
    this.#entrySender = new EntrySender(
      this.#channel,
      new RateLimiter(options.limitRate),
    );
  }

  /**
   * Delivers what can be delivered, and closes the connection.
   *
   * On abort: the receiver is told, and this rejects within about a second.
   *
   * @throws {TransferError} What ended the conversation before every entry was
   * settled. Entries that failed alone carry their own failure.
   */
  async run(): Promise<void> {
    const { signal } = this.#options;
    using _ = onAbort(signal, () => this.#stop());
    const heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    const saying = this.#sayAll().catch((error) => this.#giveUp(error));
    try {
      if (signal?.aborted) this.#stop();
      await this.#hearAll();
      // A source that blocks may keep the writer waiting for ever.
      await Promise.race([saying, this.#ended.promise]);
    } finally {
      clearInterval(heartbeat);
      clearTimeout(this.#closing);
      this.#channel.close();
    }
    if (this.#entries.allSettled) return;
    // A receiver that gives the session up says that it committed nothing more.
    if (!this.#refused) {
      this.#entries.leaveInDoubt(this.#channel.written, this.#over!);
    }
    signal?.throwIfAborted();
    throw this.#over!;
  }

  /** Hears until the receiver ends; never rejects. */
  async #hearAll(): Promise<void> {
    try {
      const greeted = await senderHandshake(
        this.#channel,
        this.#secured,
        this.#id,
        this.#options.idleTimeout,
      );
      if (greeted && this.#stage === "greeting") this.#stage = "sending";
      while (greeted) {
        this.#wakeWriter();
        const frame = await this.#channel.hear();
        if (frame === null) break;
        this.#hearFrame(frame);
      }
      throw new TransferError(
        "lost",
        {
          doing: "hear from the receiver",
          found: "it ended " +
            (greeted ? "without a receipt" : "without a word"),
        },
      );
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #hearFrame(frame: Frame): void {
    if (frame.type === "fail" && frame.entry === SESSION) {
      this.#refused = true;
      throw errorOfFail(frame, "go on", "receiver");
    }
    hearAnswer(frame, this.#entries, {
      id: this.#id,
      onPhase: (phase) => {
        const bytes = this.#entries.confirmed;
        this.#options.onProgress({ phase, bytes });
      },
      onReceipt: (receipt) => this.#options.onReceipt(receipt),
    });
  }

  async #sayAll(): Promise<void> {
    this.#channel.sayHello(this.#id);
    await this.#until(() => this.#stage === "sending");
    const { all } = this.#entries;
    let announced = 0;
    for (const [at, one] of all.entries()) {
      const ahead = Math.min(at + LOOKAHEAD, all.length);
      while (announced < ahead) {
        if (this.#entries.unsettled >= MAX_AHEAD && announced > at) break;
        await this.#until(() => this.#entries.unsettled < MAX_AHEAD);
        this.#channel.say(this.#entries.announce(all[announced++]!));
      }
      const { entry } = one;
      await this.#until(() => one.stage === "accepted" || entry.settled);
      if (!entry.settled) await this.#sayEntry(one);
    }
    this.#stage = "finished";
    this.#channel.say({ type: "finish", entries: all.length });
    await this.#channel.finish();
    await this.#until(() => this.#entries.unsettled === 0);
    this.#close(); // what the receiver may still say changes nothing
  }

  /** Says an entry's data and its END, or FAIL where its source failed. */
  async #sayEntry(one: Transmission): Promise<void> {
    const { entry } = one;
    this.#current = one;
    const stopped = () => entry.settled || this.#over !== undefined;
    try {
      await this.#entrySender.send(one, stopped);
      if (this.#over) throw this.#over;
    } catch (error) {
      // Another connection may be sending the entry by now.
      if (this.#over) throw this.#over;
      const failure = asTransferError(error, "internal", `send ${entry.title}`);
      const own = failure.code === "source" ||
        failure.code === "source-changed";
      if (!own) throw failure;
      this.#entries.fail(entry, failure);
      this.#channel.say(failFrameOf(entry.number, failure));
    }
  }

  /** Waits until a condition holds that only a frame from the peer can meet. */
  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#over) throw this.#over;
      await this.#heard.promise;
    }
  }

  #wakeWriter(): void {
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }

  /** Says that this side is alive while its source is slow. */
  #beat(): void {
    if (this.#stage !== "sending" || this.#over) return;
    if (!this.#channel.quiet) return;
    const entry = this.#current?.entry.number ?? SESSION;
    this.#channel.say({ type: "alive", entry, phase: "reading", bytes: 0 });
  }

  /** Tells the receiver that the session was aborted, and ends it. */
  #stop(): void {
    const why = new TransferError("lost", {
      doing: "go on",
      found: "it was interrupted",
    });
    this.#channel.say(failFrameOf(SESSION, why));
    this.#channel.finish().catch(() => this.#channel.close());
    this.#stage = "finished";
    this.#giveUp(why);
  }

  /** Notes why it is over. What the peer said counts more than a cut. */
  #giveUp(error: unknown): void {
    const failure = asTransferError(error, "internal", "deliver");
    if (!this.#over || (isCut(this.#over) && !isCut(failure))) {
      this.#over = failure;
    }
    this.#close();
    this.#wakeWriter();
  }

  /** Gives the peer a bounded time to end. */
  #close(): void {
    this.#closing ??= setTimeout(() => {
      this.#channel.close();
      this.#ended.resolve();
    }, LAST_FRAMES_MS);
  }
}
