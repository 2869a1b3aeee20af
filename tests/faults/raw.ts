/**
 * Peers by hand: bytes that no sender of ours would say.
 *
 * @module
 */

import type { Code } from "../../lib/base/errors.ts";
import type { Target } from "../../lib/net/address.ts";
import { FrameReader } from "../../lib/transfer/frame_reader.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import type { Frame, Hello } from "../../lib/wire/frames.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { joined } from "../support/helpers.ts";
import { hello } from "../support/scripted.ts";

/** Frames as bytes, one after the other. */
export function said(...frames: (Frame | Uint8Array)[]): Uint8Array {
  return joined(
    frames.map((one) => one instanceof Uint8Array ? one : encodeFrame(one)),
  );
}

/** A frame with a byte that is not what its CRC-32 says. */
export function damaged(frame: Frame, at: number): Uint8Array {
  const bytes = encodeFrame(frame);
  bytes[at]! ^= 0x10;
  return bytes;
}

/** Preface and HELLO. */
export function greeting(more: Partial<Hello> = {}): Uint8Array {
  return said(PREFACE as Uint8Array, hello(more));
}

/** What a sender without a wish of its own says first. */
export const GREETING: Uint8Array = greeting();

/** What the other side answered before it ended, as far as it is wanted. */
export interface Answer {
  /** The codes of its FAILs, in order. */
  fails: Code[];
  /** Their reasons. */
  reasons: string[];
  /** How many receipts it sent. */
  receipts: number;
  /** How many bytes it said. */
  bytes: number;
}

/**
 * Says something to a receiver, half-closes, and hears it to its end.
 *
 * @param to Where it listens.
 * @param words What to say.
 * @returns What it answered.
 */
export async function visit(
  to: Target,
  words: Uint8Array | Iterable<Uint8Array>,
): Promise<Answer> {
  if (to.transport === "unix") throw new TypeError("Cannot visit a path");
  using conn = await Deno.connect({ hostname: to.hostname, port: to.port });
  const hearing = answerOf(conn);
  try {
    for (const piece of words instanceof Uint8Array ? [words] : words) {
      for (let at = 0; at < piece.length;) {
        at += await conn.write(piece.subarray(at));
      }
    }
    await conn.closeWrite();
  } catch (error) {
    // It had heard enough and hung up; what it said is what counts.
    const gone = error instanceof Deno.errors.BrokenPipe ||
      error instanceof Deno.errors.ConnectionReset ||
      error instanceof Deno.errors.NotConnected;
    if (!gone) throw error;
  }
  return await hearing;
}

async function answerOf(conn: Deno.Conn): Promise<Answer> {
  const answer: Answer = { fails: [], reasons: [], receipts: 0, bytes: 0 };
  const reader = new FrameReader(async (into) => {
    try {
      const count = await conn.read(into);
      answer.bytes += count ?? 0;
      return count;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) return null;
      throw error;
    }
  });
  if (!await reader.preface()) return answer;
  for (let frame; (frame = await reader.next()) !== null;) {
    if (frame.type === "receipt") answer.receipts++;
    if (frame.type !== "fail") continue;
    answer.fails.push(frame.code);
    answer.reasons.push(frame.reason);
  }
  return answer;
}
