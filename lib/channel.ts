/**
 * Frames over a connection: what both ends of the conversation share.
 *
 * It knows the preface, HELLO, and how to end; which frames come when is the
 * business of send.ts and receive.ts.
 *
 * @module
 */

import {
  type Bounds,
  type Duplex,
  halfClose,
  hangUp,
  readSome,
  writeSome,
} from "./conn.ts";
import { closeQuietly, IdleTimer } from "./deadline.ts";
import { foundOf, TransferError } from "./errors.ts";
import { FrameReader } from "./frame_reader.ts";
import {
  type Fail,
  type Frame,
  type Hello,
  MAX_REASON_BYTES,
} from "./frames.ts";
import { PREFACE } from "./preface.ts";
import { type Credentials, nonce } from "./credentials.ts";
import { exchangeProofs } from "./proving.ts";
import { escape } from "./quote.ts";
import { encodeFrame } from "./wire.ts";

/** How often a side that is at work says so, in milliseconds. */
export const HEARTBEAT_MS = 250;

/** Small frames are put together up to this size. */
const BATCH_BYTES = 65_536;

/** Queued bytes beyond which whoever adds more should wait. */
const QUEUE_BYTES = 262_144;

/** SHA-256, data as it is, no optional feature: what version 1 can. */
const OFFER = { features: 0, required: 0, digests: 1, codecs: 1 };

/** Longest payload of a peer that has not introduced itself: a FAIL's. */
const MAX_GREETING_BYTES = 4 + MAX_REASON_BYTES;

/** A connection, with what must be proven on it before anything else. */
export interface Secured extends Duplex {
  /** Absent where there is no secret. */
  readonly credentials?: Credentials;
}

/** One end of a conversation. */
export class Channel implements Disposable {
  readonly #conn: Secured;
  readonly #idle: IdleTimer;
  readonly #reader: FrameReader;
  #queue: Uint8Array[] = [];
  #pump: Promise<void> | undefined;
  #failure: unknown;

  /**
   * Takes a connection over.
   *
   * @param conn The connection; closed by {@linkcode hangUp} or `close()`.
   * @param idleTimeout Longest silence in milliseconds while waiting on it.
   */
  constructor(conn: Secured, idleTimeout: number) {
    this.#conn = conn;
    this.#idle = new IdleTimer(conn, idleTimeout);
    this.#reader = new FrameReader((into) =>
      this.#idle.guard("hear from the peer", () => readSome(conn, into))
    );
  }

  /**
   * Says preface and HELLO, and what goes with them. Once is enough.
   *
   * @param id The transfer's id.
   */
  sayHello(id: Uint8Array): void {
    if (this.#hello) return;
    this.#hello = { type: "hello", id, ...OFFER };
    this.#add(PREFACE as Uint8Array);
    this.say(this.#hello);
    if (!this.#conn.credentials) return;
    this.say({ type: "nonce", nonce: this.#nonce });
  }

  #hello: Hello | undefined;
  readonly #nonce = nonce();

  /**
   * Hears preface and HELLO, and holds them against what this side can. Where
   * the connection has credentials, both sides have proven theirs by then.
   *
   * @returns The peer's HELLO, or `null` where it ended without a word.
   * @throws {TransferError} `protocol` when the two cannot talk, `auth` when
   * the peer does not have the secret.
   */
  async hearHello(): Promise<Hello | null> {
    if (!await this.#reader.preface()) return null;
    const hello = await this.#hearGreeting("hello");
    const { required, digests, codecs } = hello;
    if (required !== 0 || !(digests & 1) || !(codecs & 1)) {
      throw new TransferError(
        "protocol",
        "Cannot talk to the peer: it insists on what this version has not " +
          `(required ${required}, digests ${digests}, codecs ${codecs})`,
      );
    }
    const { credentials } = this.#conn;
    if (credentials) {
      await exchangeProofs(credentials, hello, {
        hear: (type) => this.#hearGreeting(type),
        say: (frame) => this.say(frame),
        greet: () => {
          this.sayHello(hello.id);
          return { hello: this.#hello!, nonce: this.#nonce };
        },
      });
    }
    return hello;
  }

  /** Hears a frame of the greeting, which can be this one or a refusal. */
  async #hearGreeting<T extends Frame["type"]>(
    type: T,
  ): Promise<Extract<Frame, { type: T }>> {
    const frame = await this.#reader.next(MAX_GREETING_BYTES);
    if (frame?.type === type) return frame as Extract<Frame, { type: T }>;
    if (frame?.type === "fail") {
      throw failureOf(frame, "Cannot talk to the peer");
    }
    const found = frame ? `said ${frame.type.toUpperCase()}` : "ended";
    throw new TransferError(
      frame || type === "hello" ? "protocol" : "lost",
      `Cannot talk to the peer: it ${found} where ${type.toUpperCase()} was due`,
    );
  }

  /**
   * Hears the next frame.
   *
   * @returns The frame, as {@linkcode FrameReader.next} gives it.
   */
  hear(): Promise<Frame | null> {
    return this.#reader.next();
  }

  /**
   * Says a small frame soon, together with others. A failure to write shows at
   * the next {@linkcode flush}.
   *
   * @param frame What to say.
   */
  say(frame: Frame): void {
    this.#add(encodeFrame(frame));
  }

  /**
   * Says bytes that are a frame already, without copying them.
   *
   * @param bytes They must not change until this resolves.
   */
  async sayBytes(bytes: Uint8Array): Promise<void> {
    this.#add(bytes);
    await this.flush();
  }

  /**
   * Says bytes that are a frame already, soon, together with others.
   *
   * @param bytes Copied at once; they may change afterwards.
   */
  sayCopy(bytes: Uint8Array): void {
    this.#add(bytes.slice());
  }

  /** How many bytes were said so far, written or not. */
  said = 0;

  /** How many of them the kernel has taken. */
  written = 0;

  /** Whether so much is queued that the caller should {@linkcode flush}. */
  get congested(): boolean {
    return this.said - this.written > QUEUE_BYTES;
  }

  /** Whether nothing is waiting to be written. */
  get quiet(): boolean {
    return this.#pump === undefined;
  }

  /**
   * Waits until the kernel has taken everything said so far.
   *
   * @throws {TransferError} `lost` or `stalled`.
   */
  async flush(): Promise<void> {
    while (this.#pump) await this.#pump;
    if (this.#failure) throw this.#failure;
  }

  /** Says that nothing more will be said; hearing goes on. */
  async finish(): Promise<void> {
    await this.flush();
    await halfClose(this.#conn);
  }

  /**
   * Ends in stages, after a last word if there is one: flush, half-close, drain,
   * close. What goes wrong in it changes nothing any more.
   *
   * @param bounds How long the peer may take.
   * @param last What to say first.
   */
  async hangUp(bounds: Bounds, last?: Frame): Promise<void> {
    try {
      if (last) this.say(last);
      await this.flush();
      await hangUp(this.#conn, bounds);
    } catch (error) {
      // A courtesy: the peer was told, or is not there to be told.
      if (!(error instanceof TransferError)) throw error;
    } finally {
      this.close();
    }
  }

  /** Drops the connection at once. */
  close(): void {
    this.#idle[Symbol.dispose]();
    closeQuietly(this.#conn);
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #add(bytes: Uint8Array): void {
    if (this.#failure) return;
    this.#queue.push(bytes);
    this.said += bytes.length;
    this.#pump ??= this.#drainQueue();
  }

  async #drainQueue(): Promise<void> {
    await Promise.resolve(); // what is said in the same turn goes together
    try {
      while (this.#queue.length > 0) await this.#write(this.#batch());
    } catch (error) {
      this.#failure = error;
      this.#queue = [];
    } finally {
      this.#pump = undefined;
    }
  }

  /** One large frame as it is, or several small ones put together. */
  #batch(): Uint8Array {
    let count = 0, size = 0;
    for (const bytes of this.#queue) {
      if (count > 0 && size + bytes.length > BATCH_BYTES) break;
      count++;
      size += bytes.length;
    }
    const parts = this.#queue.splice(0, count);
    if (count === 1) return parts[0]!;
    const batch = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      batch.set(part, at);
      at += part.length;
    }
    return batch;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      const count = await this.#idle.guard(
        "write to the peer",
        () => writeSome(this.#conn, rest),
      );
      rest = rest.subarray(count);
      this.written += count;
    }
  }
}

/**
 * Turns a peer's FAIL into an error.
 *
 * @param frame What the peer said.
 * @param doing What could not be done because of it: "Cannot receive".
 * @returns The error, with the peer's code and reason.
 */
export function failureOf(frame: Fail, doing: string): TransferError {
  return new TransferError(
    frame.code,
    `${doing}: ${escape(frame.reason)}`,
    { retriable: frame.retriable },
  );
}

/**
 * Spells a failure for the other side.
 *
 * @param entry The entry that failed, or SESSION.
 * @param error What happened here. This side's disk is, for the other, a remote
 * one.
 * @returns The frame.
 */
export function failOf(entry: number, error: TransferError): Fail {
  const code = error.code === "local-io" ? "remote-io" : error.code;
  // A character is at most four bytes of UTF-8.
  const reason = foundOf(error).slice(0, MAX_REASON_BYTES / 4);
  return { type: "fail", entry, code, retriable: error.retriable, reason };
}
