/**
 * A peer that says exactly what a test tells it to, on a real socket, and
 * shorthands for the frames it says.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { TransferError } from "../../lib/base/errors.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { writeAll } from "../../lib/net/half_close.ts";
import { FrameReader } from "../../lib/transfer/frame_reader.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import type {
  Accept,
  Data,
  End,
  Fail,
  Finish,
  Frame,
  Hello,
  Open,
  ReceiptFrame,
} from "../../lib/wire/frames.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { hex, joined } from "./helpers.ts";

/** The id of every scripted transfer. */
export const ID: Uint8Array = hex(
  "00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff",
);

/** One end of a conversation, spoken by the test. */
export class Scripted implements Disposable {
  readonly #conn: Duplex;
  readonly #reader: FrameReader;

  constructor(conn: Duplex) {
    this.#conn = conn;
    this.#reader = new FrameReader((into) => conn.read(into));
  }

  /** Says preface and HELLO. */
  async greet(more: Partial<Hello> = {}): Promise<void> {
    await this.sayBytes(PREFACE as Uint8Array);
    await this.say(hello(more));
  }

  /** Says frames, in one piece. */
  async say(...frames: Frame[]): Promise<void> {
    await this.sayBytes(joined(frames.map(encodeFrame)));
  }

  /** Says any bytes. */
  async sayBytes(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#conn, bytes);
  }

  /** Hears preface and HELLO. */
  async hearHello(): Promise<Hello> {
    assert(await this.#reader.preface(), "the other side ended at once");
    return await this.hear("hello");
  }

  /** Hears a frame of this type; ALIVE does not count unless it is asked for. */
  async hear<T extends Frame["type"]>(
    type: T,
  ): Promise<Extract<Frame, { type: T }>> {
    const frame = type === "alive"
      ? await this.#reader.next()
      : await this.next();
    assertEquals<string | undefined>(frame?.type, type);
    return frame as Extract<Frame, { type: T }>;
  }

  /** Hears everything to the end, without ALIVE. */
  async rest(): Promise<Frame[]> {
    const frames: Frame[] = [];
    for (let frame; (frame = await this.next()) !== null;) frames.push(frame);
    return frames;
  }

  /** Says nothing more, and hears everything to the end. */
  async end(): Promise<Frame[]> {
    await this.#conn.closeWrite();
    return await this.rest();
  }

  /** Hears the next frame but ALIVE; `null` at the end. */
  async next(): Promise<Frame | null> {
    for (;;) {
      const frame = await this.#reader.next();
      if (frame?.type !== "alive") return frame;
    }
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

/** Begins a session, with what version 2 has and nothing else. */
export function hello(more: Partial<Hello> = {}): Hello {
  const offer = { features: 0, required: 0, digests: 1, codecs: 1 };
  return { type: "hello", id: ID, ...offer, ...more };
}

/** Announces a file. */
export function open(entry: number, more: Partial<Open> = {}): Open {
  return { type: "open", entry, kind: "file", name: `file-${entry}`, ...more };
}

/** Lets an entry come. */
export function accept(entry: number): Accept {
  return {
    type: "accept",
    entry,
    held: 0,
    block: 0,
    algorithm: "sha256",
    digests: new Uint8Array(0),
  };
}

/** A piece of an entry. */
export function data(entry: number, bytes: Uint8Array, offset = 0): Data {
  return { type: "data", entry, offset, bytes };
}

/** The end of an entry that consists of these bytes. */
export function end(
  entry: number,
  bytes: Uint8Array,
  more: Partial<End> = {},
): End {
  const { length } = bytes;
  const digest = { algorithm: "sha256", digest: digestOf(bytes) } as const;
  return { type: "end", entry, length, ...digest, ...more };
}

/** The receipt for an entry of these bytes. */
export function receipt(
  entry: number,
  bytes: Uint8Array,
  more: Partial<ReceiptFrame> = {},
): ReceiptFrame {
  return {
    type: "receipt",
    entry,
    id: ID,
    length: bytes.length,
    algorithm: "sha256",
    digest: digestOf(bytes),
    durable: true,
    existing: false,
    committedAt: 1_767_225_600_000,
    name: `file-${entry}`,
    ...more,
  };
}

/** Says that an entry, or the session, will not be. */
export function fail(entry: number, more: Partial<Fail> = {}): Fail {
  const reason = "the test says so";
  return {
    type: "fail",
    entry,
    code: "rejected",
    retriable: false,
    reason,
    ...more,
  };
}

/** Says that no further entry will be opened. */
export function finish(entries: number): Finish {
  return { type: "finish", entries };
}

/** The SHA-256 of bytes, by other means than the library's. */
export function digestOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

/** Waits for a promise to be rejected with the library's error. */
export function failing(promise: Promise<unknown>): Promise<TransferError> {
  return assertRejects(() => promise, TransferError);
}

/** What a scripted receiver does once both sides have said HELLO. */
export type Script = (peer: Scripted, hello: Hello) => Promise<unknown>;

/** A receiver whose visitors are met by one script each, then by nobody. */
export interface Stage extends AsyncDisposable {
  /** Where it listens. */
  readonly target: { hostname: string; port: number };
  /** What its visitors said, one after the other. */
  readonly hellos: readonly Hello[];
}

/** Listens until every script was played. */
export function playing(...scripts: Script[]): Stage {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const hellos: Hello[] = [];
  let expected = scripts.length;
  const played = (async () => {
    for (const script of scripts) {
      using peer = new Scripted(await listener.accept());
      if (--expected === 0) listener.close();
      const hello = await peer.hearHello();
      hellos.push(hello);
      await peer.greet({ id: hello.id });
      await script(peer, hello);
    }
  })();
  played.catch(() => {}); // looked at when the stage is left
  return {
    target: { hostname, port },
    hellos,
    async [Symbol.asyncDispose]() {
      if (expected > 0) listener.close(); // who should have come will not
      await played;
    },
  };
}

/** Takes a single entry to its END. */
export async function takeOne(
  peer: Scripted,
): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
  const { name, entry } = await peer.hear("open");
  await peer.say(accept(entry));
  const pieces: Uint8Array[] = [];
  for (;;) {
    const frame = await peer.next();
    if (frame?.type === "end") break;
    assert(frame?.type === "data", `${frame?.type} came before END`);
    pieces.push(frame.bytes.slice());
  }
  return { name, bytes: joined(pieces) };
}
