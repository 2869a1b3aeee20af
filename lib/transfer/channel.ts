/**
 * Frames over a connection: a frame reader and a frame writer, with what the
 * sender and the receiver have in common.
 *
 * The channel knows the preface, HELLO, and how to end. sender/session.ts and
 * receiver/session.ts decide which frame may come when.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import type { Semaphore } from "../base/semaphore.ts";
import { closeQuietly } from "../net/deadline.ts";
import { type Duplex, halfClose, readSome, writeSome } from "../net/duplex.ts";
import { type Bounds, hangUp } from "../net/half_close.ts";
import { IdleTimer } from "../net/idle_timer.ts";
import { type Credentials, nonce, notProven } from "../security/auth_proof.ts";
import { exchangeProofs } from "../security/exchange_proofs.ts";
import { encodeFrame } from "../wire/encoding.ts";
import type { Frame, Hello } from "../wire/frames.ts";
import {
  agree,
  type Agreement,
  checkAlgorithm,
  MAX_GREETING_BYTES,
  OFFER,
  outOfTurn,
} from "../wire/hello.ts";
import { PREFACE } from "../wire/preface.ts";
import { errorOfFail } from "./fail.ts";
import { FrameReader } from "./frame_reader.ts";
import { FrameWriter } from "./frame_writer.ts";

/** What a channel can be given besides its connection. */
export interface ChannelOptions {
  /** What both sides prove right after HELLO, if they have a secret. */
  credentials?: Credentials | undefined;
  /** Bytes for large buffers, shared by many connections. */
  budget?: Semaphore | undefined;
}

/** One end of a conversation. */
export class Channel implements Disposable {
  readonly #conn: Duplex;
  readonly #credentials: Credentials | undefined;
  // Only bytes from the peer count as movement: the local kernel accepts a
  // heartbeat long after the peer has stopped.
  readonly #idle: IdleTimer;
  readonly #reader: FrameReader;
  readonly #writer: FrameWriter;
  #hello: Hello | undefined;
  #agreement: Agreement | undefined;
  readonly #nonce = nonce();

  /**
   * Takes a connection over.
   *
   * @param conn The connection; closed by {@linkcode hangUp} or `close()`.
   * @param idleTimeout Longest silence in milliseconds while waiting on it.
   * @param options Credentials and buffers.
   */
  constructor(
    conn: Duplex,
    idleTimeout: number,
    { credentials, budget }: ChannelOptions = {},
  ) {
    this.#conn = conn;
    this.#credentials = credentials;
    this.#idle = new IdleTimer(conn, idleTimeout);
    const hear = (into: Uint8Array) =>
      this.#idle.guard("hear from the peer", () => readSome(conn, into));
    this.#reader = new FrameReader(hear, budget);
    this.#writer = new FrameWriter((bytes) =>
      this.#idle.guard(
        "write to the peer",
        () => writeSome(conn, bytes),
        false, // our own heartbeats are no sign of life of the peer
      )
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
    this.#writer.add(PREFACE as Uint8Array);
    this.say(this.#hello);
    if (!this.#credentials) return;
    this.say({ type: "nonce", nonce: this.#nonce });
  }

  /**
   * Hears preface and HELLO, and checks them against what this side can do. Where
   * the channel has credentials, both sides have proven theirs by then.
   *
   * @returns The peer's HELLO, or `null` where it ended without a word.
   * @throws {TransferError} `protocol` when the two cannot talk, `auth` when
   * the peer does not have the secret.
   */
  async hearHello(): Promise<Hello | null> {
    if (!await this.#reader.preface()) return null;
    const hello = await this.#hearGreeting("hello");
    if (this.#credentials) {
      await exchangeProofs(this.#credentials, hello, {
        hear: (type) => this.#hearGreeting(type),
        say: (frame) => this.say(frame),
        greet: () => {
          this.sayHello(hello.id);
          return { hello: this.#hello!, nonce: this.#nonce };
        },
      });
    }
    this.#agreement = agree(OFFER, hello); // once the peer is authenticated
    return hello;
  }

  /**
   * What both sides agreed on.
   *
   * @throws {RangeError} Before {@linkcode hearHello} has given a HELLO.
   */
  get agreement(): Agreement {
    if (this.#agreement) return this.#agreement;
    throw new RangeError("Cannot say what was agreed on before HELLO");
  }

  /** Hears a frame of the greeting, which can be this one or a refusal. */
  async #hearGreeting<T extends Frame["type"]>(
    type: T,
  ): Promise<Extract<Frame, { type: T }>> {
    const frame = await this.#reader.next(MAX_GREETING_BYTES);
    if (frame?.type === type) return frame as Extract<Frame, { type: T }>;
    if (frame?.type === "fail") {
      // An attacker on the way can say it, and would choose the code and the
      // reason. A receiver with the secret refuses after its PROOF.
      if (this.#credentials?.role === "sender") {
        throw notProven("receiver");
      }
      throw errorOfFail(frame, "talk to the peer");
    }
    throw outOfTurn(type, frame);
  }

  /**
   * Hears the next frame.
   *
   * @returns The frame, as {@linkcode FrameReader.next} gives it.
   * @throws {TransferError} As that, and `protocol` for a digest by another
   * algorithm than the one that was agreed on.
   */
  async hear(): Promise<Frame | null> {
    const frame = await this.#reader.next();
    if (frame && this.#agreement) checkAlgorithm(frame, this.#agreement);
    return frame;
  }

  /**
   * Says a small frame soon, together with others. A failure to write shows at
   * the next {@linkcode flush}.
   *
   * @param frame What to say.
   */
  say(frame: Frame): void {
    this.#writer.add(encodeFrame(frame));
  }

  /**
   * Says bytes that are a frame already, without copying them.
   *
   * @param bytes They must not change until this resolves.
   */
  async sayBytes(bytes: Uint8Array): Promise<void> {
    this.#writer.add(bytes, true); // large: the kernel works on it meanwhile
    await this.flush();
  }

  /**
   * Says bytes that are a frame already, soon, together with others.
   *
   * @param bytes Copied at once; they may change afterwards.
   */
  sayCopy(bytes: Uint8Array): void {
    this.#writer.add(bytes.slice());
  }

  /** How many bytes were said so far, written or not. */
  get said(): number {
    return this.#writer.said;
  }

  /** How many of them the kernel has taken. */
  get written(): number {
    return this.#writer.written;
  }

  /** Whether so much is queued that the caller should {@linkcode flush}. */
  get congested(): boolean {
    return this.#writer.congested;
  }

  /** Whether nothing is waiting to be written. */
  get quiet(): boolean {
    return this.#writer.quiet;
  }

  /**
   * Waits until the kernel has taken everything said so far.
   *
   * @throws {TransferError} `lost` or `stalled`.
   */
  flush(): Promise<void> {
    return this.#writer.flush();
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
    this.#reader.release();
    closeQuietly(this.#conn);
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
