/**
 * One entry on one connection of the sender: how far it is, and whether a
 * receipt fits what was sent.
 *
 * @module
 */

import { type Algorithm, DIGEST_NAMES, sameBytes } from "../../base/digest.ts";
import { TransferError } from "../../base/errors.ts";
import type { Held } from "../../model/block_digests.ts";
import type { Receipt } from "../../model/receipt.ts";
import type { Accept, Open, ReceiptFrame } from "../../wire/frames.ts";
import { receiptOf } from "../receipt_frame.ts";
import type { OutgoingEntry } from "./outgoing_entry.ts";

/** All that was sent of an entry. */
interface Sent {
  /** Its length in bytes. */
  length: number;
  /** The algorithm of its digest. */
  algorithm: Algorithm;
  /** Its digest. */
  digest: Uint8Array;
}

/** How far an entry is on its connection, and what is known at that point. */
type State =
  | { stage: "waiting" }
  | { stage: "announced" }
  | { stage: "accepted"; held: Held }
  | { stage: "sending" }
  | { stage: "ended"; sent: Sent; position: number };

/** How far an entry is on its connection. */
export type Stage = State["stage"];

/** An entry between its OPEN and its receipt, on one connection. */
export class Transmission {
  /** What is sent. */
  readonly entry: OutgoingEntry;
  /** How many of its bytes the receiver is known to have. */
  confirmed = 0;
  #state: State = { stage: "waiting" };

  /**
   * Begins before the OPEN.
   *
   * @param entry What is to be sent.
   */
  constructor(entry: OutgoingEntry) {
    this.entry = entry;
  }

  /** How far it is. */
  get stage(): Stage {
    return this.#state.stage;
  }

  /**
   * Position of the end of its END among the bytes of its connection;
   * `Infinity` before the END was said.
   */
  get endPosition(): number {
    return this.#state.stage === "ended" ? this.#state.position : Infinity;
  }

  /**
   * Goes on from `waiting` to `announced`.
   *
   * @returns The frame that announces it.
   */
  announce(): Open {
    this.#state = { stage: "announced" };
    const { number, item } = this.entry;
    return { type: "open", entry: number, ...item.entry };
  }

  /**
   * Goes on from `announced` to `accepted`.
   *
   * @param frame The receiver's answer.
   */
  accept({ held: length, block, algorithm, digests }: Accept): void {
    const held = { length, block, algorithm, digests };
    this.#state = { stage: "accepted", held };
  }

  /**
   * Goes on from `accepted` to `sending`.
   *
   * @returns What the receiver holds of it. It can be large and is not kept.
   */
  start(): Held {
    if (this.#state.stage !== "accepted") {
      throw new RangeError("Cannot start an entry that is not accepted");
    }
    const { held } = this.#state;
    this.#state = { stage: "sending" };
    return held;
  }

  /**
   * Goes on to `ended`: all of it was sent.
   *
   * @param sent Its length and digest, as its END says.
   * @param position How many bytes its connection had been given by then.
   */
  end(sent: Sent, position: number): void {
    this.#state = { stage: "ended", sent, position };
  }

  /**
   * Checks a receipt against what was sent, and gives it to the entry.
   *
   * @param frame The receipt.
   * @param id The transfer's id.
   * @returns The receipt for people and programs.
   * @throws {TransferError} `protocol` for one that comes before the END,
   * `integrity` for one that is about something else.
   */
  settle(frame: ReceiptFrame, id: Uint8Array): Receipt {
    const { title } = this.entry;
    if (this.#state.stage !== "ended") {
      throw new TransferError(
        "protocol",
        {
          doing: "trust the receiver",
          found: `it confirmed ${title} before its end`,
        },
      );
    }
    const different = differenceOf(frame, this.#state.sent, id);
    if (different) {
      throw new TransferError(
        "integrity",
        { doing: `accept the receipt for ${title}`, found: different },
      );
    }
    return this.entry.receipt = receiptOf(frame);
  }
}

function differenceOf(
  frame: ReceiptFrame,
  { length, algorithm, digest }: Sent,
  id: Uint8Array,
): string | undefined {
  if (!sameBytes(frame.id, id)) return "its id is another transfer's";
  if (frame.length !== length) {
    return `it is for ${frame.length} bytes and ${length} were sent`;
  }
  if (!sameBytes(frame.digest, digest)) {
    return `its ${DIGEST_NAMES[algorithm]} differs from what was sent`;
  }
}
