/**
 * The sender's side of the conversation, on one connection.
 *
 * Two things go on at once: one writes entries, the other hears what becomes of
 * them. The sender never stops hearing, so the two sides cannot fill both
 * buffers and wait for each other, and a receiver that gives up is heard before
 * the next block is read.
 *
 * @module
 */

import { onAbort } from "../../base/abort.ts";
import { asTransferError, isCut, TransferError } from "../../base/errors.ts";
import { RateLimiter } from "../../base/rate_limiter.ts";
import { HEARTBEAT_MS, type Phase } from "../../model/progress.ts";
import type { SecuredConn } from "../../security/secured_conn.ts";
import { type Frame, MAX_AHEAD, SESSION } from "../../wire/frames.ts";
import { Channel } from "../channel.ts";
import { errorOfFail, failFrameOf } from "../fail.ts";
import { EntrySender } from "./entry_sender.ts";
import { senderHandshake } from "./handshake.ts";
import type { OutgoingEntry } from "./outgoing_entry.ts";
import type { SenderSessionOptions } from "./session_options.ts";

/** Entries announced before the one being sent: hides the round trips. */
const LOOKAHEAD = 128;

/**
 * How long the rest may take once the outcome is known, in milliseconds: time
 * for the peer's last words, or for it to hear ours.
 */
const LAST_WORDS_MS = 1_000;

/** Delivers entries over one connection. */
export class SenderSession {
  readonly #secured: SecuredConn;
  readonly #channel: Channel;
  readonly #id: Uint8Array;
  readonly #entries: readonly OutgoingEntry[];
  readonly #options: SenderSessionOptions;
  readonly #uploader: EntrySender;
  readonly #unsettled = new Map<number, OutgoingEntry>();
  #current: OutgoingEntry | undefined;
  #news = Promise.withResolvers<void>();
  #greeted = false;
  #finished = false;
  #refused = false;
  /** Why nothing more is to be written, once that is so. */
  #over: TransferError | undefined;
  #closing: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when even a writer that is stuck is not waited for any more. */
  readonly #ended = Promise.withResolvers<void>();
  #has = 0;

  /**
   * Prepares a delivery.
   *
   * @param secured The connection; the delivery closes it.
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
    this.#entries = entries;
    this.#options = options;
    this.#uploader = new EntrySender(
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
    using _ = onAbort(signal, () => this.#abort());
    const heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    const writing = this.#writeAll().catch((error) => this.#end(error));
    try {
      if (signal?.aborted) this.#abort();
      await this.#hearAll();
      // A source that blocks may keep the writer waiting for ever.
      await Promise.race([writing, this.#ended.promise]);
    } finally {
      clearInterval(heartbeat);
      clearTimeout(this.#closing);
      this.#channel.close();
    }
    for (const one of this.#unsettled.values()) {
      // The receiver may have committed it, unless it said that it did not.
      const ended = one.endsAt <= this.#channel.written;
      if (ended && !this.#refused) one.unconfirmed = this.#over;
    }
    if (this.#entries.every((one) => one.settled)) return;
    signal?.throwIfAborted();
    throw this.#over!;
  }

  /** Hears until the receiver ends; never rejects. */
  async #hearAll(): Promise<void> {
    try {
      this.#greeted = await senderHandshake(
        this.#channel,
        this.#secured,
        this.#id,
        this.#options.idleTimeout,
      );
      while (this.#greeted) {
        this.#tell();
        const frame = await this.#channel.hear();
        if (frame === null) break;
        this.#take(frame);
      }
      throw new TransferError(
        "lost",
        {
          doing: "hear from the receiver",
          found: "it ended " +
            (this.#greeted ? "without a receipt" : "without a word"),
        },
      );
    } catch (error) {
      this.#end(error);
    }
  }

  #take(frame: Frame): void {
    const one = "entry" in frame ? this.#unsettled.get(frame.entry) : undefined;
    if (frame.type === "alive") {
      if (one) this.#count(one, frame.bytes);
      return this.#progress(frame.phase);
    }
    if (frame.type === "fail" && frame.entry === SESSION) {
      this.#refused = true;
      throw errorOfFail(frame, "go on", "receiver");
    }
    if (one && frame.type === "accept" && one.stage === "announced") {
      const { held: length, block, proof } = frame;
      one.held = { length, block, proof };
      one.stage = "accepted";
    } else if (one && frame.type === "fail") {
      const doing = `deliver ${one.title}`;
      this.#settle(one, errorOfFail(frame, doing, "receiver"));
    } else if (frame.type === "fail" && this.#hasFailed(frame.entry)) {
      return; // both sides gave it up, and the two FAILs crossed on the way
    } else if (one && frame.type === "receipt") {
      one.settle(frame, this.#id);
      this.#settle(one);
      this.#count(one, frame.length);
      this.#options.onReceipt(one.receipt!);
      this.#progress("committing");
    } else {
      throw new TransferError(
        "protocol",
        {
          doing: "go on",
          found: `the receiver said ${frame.type.toUpperCase()} out of place`,
        },
      );
    }
  }

  #hasFailed(entry: number): boolean {
    return this.#entries.some((one) => one.number === entry && one.failure);
  }

  async #writeAll(): Promise<void> {
    this.#channel.sayHello(this.#id);
    await this.#until(() => this.#greeted);
    let announced = 0;
    for (const [at, one] of this.#entries.entries()) {
      const ahead = Math.min(at + LOOKAHEAD, this.#entries.length);
      while (announced < ahead) {
        if (this.#unsettled.size >= MAX_AHEAD && announced > at) break;
        await this.#until(() => this.#unsettled.size < MAX_AHEAD);
        this.#announce(this.#entries[announced++]!);
      }
      await this.#until(() => one.stage === "accepted" || one.settled);
      if (!one.settled) await this.#send(one);
    }
    this.#finished = true;
    this.#channel.say({ type: "finish", entries: this.#entries.length });
    await this.#channel.finish();
    await this.#until(() => this.#unsettled.size === 0);
    this.#close(); // whatever the receiver has to say, it changes nothing
  }

  #announce(one: OutgoingEntry): void {
    one.stage = "announced";
    this.#unsettled.set(one.number, one);
    this.#channel.say(one.announcement);
  }

  async #send(one: OutgoingEntry): Promise<void> {
    this.#current = one;
    const stopped = () => one.settled || this.#over !== undefined;
    try {
      await this.#uploader.send(one, stopped);
      if (this.#over) throw this.#over;
    } catch (error) {
      // Too late: another connection may have the entry by now.
      if (this.#over) throw this.#over;
      const failure = asTransferError(error, "internal", `send ${one.title}`);
      const own = failure.code === "source" ||
        failure.code === "source-changed";
      if (!own) throw failure;
      this.#settle(one, failure);
      this.#channel.say(failFrameOf(one.number, failure));
    }
  }

  #settle(one: OutgoingEntry, failure?: TransferError): void {
    if (failure) one.failure = failure;
    this.#unsettled.delete(one.number);
  }

  #count(one: OutgoingEntry, bytes: number): void {
    this.#has += bytes - one.has;
    one.has = bytes;
  }

  #progress(phase: Phase): void {
    this.#options.onProgress({ phase, bytes: this.#has });
  }

  /** Waits for something that only hearing can bring about. */
  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#over) throw this.#over;
      await this.#news.promise;
    }
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** Says that this side is there while its source is slow. */
  #beat(): void {
    if (!this.#greeted || this.#finished || this.#over) return;
    if (!this.#channel.quiet) return;
    const entry = this.#current?.number ?? SESSION;
    this.#channel.say({ type: "alive", entry, phase: "reading", bytes: 0 });
  }

  /** Notes why it is over. What the peer said counts more than a cut. */
  #end(error: unknown): void {
    const failure = asTransferError(error, "internal", "deliver");
    if (!this.#over || (isCut(this.#over) && !isCut(failure))) {
      this.#over = failure;
    }
    this.#close();
    this.#tell();
  }

  /** Lets the peer end, but not for ever. */
  #close(): void {
    this.#closing ??= setTimeout(() => {
      this.#channel.close();
      this.#ended.resolve();
    }, LAST_WORDS_MS);
  }

  #abort(): void {
    const why = new TransferError("lost", {
      doing: "go on",
      found: "it was interrupted",
    });
    this.#channel.say(failFrameOf(SESSION, why));
    this.#channel.finish().catch(() => this.#channel.close());
    this.#finished = true;
    this.#end(why);
  }
}
