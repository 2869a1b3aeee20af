/**
 * One entry on the sender's side, and what is known of its fate.
 *
 * @module
 */

import { sameBytes } from "../../base/digest.ts";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import type { Held } from "../../model/block_digests.ts";
import type { Receipt } from "../../model/receipt.ts";
import type { Item } from "../../source/item.ts";
import type { Open, ReceiptFrame } from "../../wire/frames.ts";
import { receiptOf } from "../receipt_frame.ts";

/** How far an entry is, on the connection of this moment. */
export type Stage = "waiting" | "announced" | "accepted";

/** All that was sent of an entry. */
interface Sent {
  length: number;
  digest: Uint8Array;
}

/** An entry between the source and its receipt; outlives a connection. */
export class OutgoingEntry {
  /** Its number, the same on every connection of the transfer. */
  readonly number: number;
  /** What is sent. */
  readonly item: Item;
  /** How far it is on this connection. */
  stage: Stage = "waiting";
  /** How many of its bytes the receiver is known to have. */
  has = 0;
  /** What the receiver holds of it, once it has accepted it. */
  held: Held | undefined;
  /** What was sent of it, once that is all. */
  sent: Sent | undefined;
  /** Proof of its delivery. */
  receipt: Receipt | undefined;
  /** Why it will not be delivered. */
  failure: TransferError | undefined;
  /** How many bytes its connection had taken when its END was said. */
  endsAt = Infinity;
  /** What broke a connection after its END was written. */
  unconfirmed: TransferError | undefined;

  /**
   * Begins with an entry.
   *
   * @param item What is sent.
   * @param number Its place in the transfer, from 0.
   */
  constructor(item: Item, number: number) {
    this.item = item;
    this.number = number;
  }

  /** Whether its fate is known. */
  get settled(): boolean {
    return this.receipt !== undefined || this.failure !== undefined;
  }

  /**
   * Whether the receiver may have it, for all that is known: everything was sent
   * once. A receipt settles that, or that the receiver will not have it. What
   * failed at a later attempt, on this side or for now, says nothing about the
   * one before.
   */
  get inDoubt(): boolean {
    if (!this.unconfirmed || this.receipt) return false;
    return this.failure?.code !== "rejected" || this.failure.retriable;
  }

  /** What announces it. */
  get announcement(): Open {
    return { type: "open", entry: this.number, ...this.item.entry };
  }

  /** Its name, for people. */
  get title(): string {
    return quote(this.item.entry.name);
  }

  /** Goes back to the start, for another connection. */
  restart(): void {
    if (this.failure?.retriable) this.failure = undefined;
    if (this.settled) return;
    this.stage = "waiting";
    this.has = 0;
    this.held = undefined;
    this.sent = undefined;
    this.endsAt = Infinity;
  }

  /** What the receiver holds of it, for the only time: a proof can be large. */
  takeHeld(): Held {
    const held = this.held!;
    this.held = undefined;
    return held;
  }

  /**
   * Notes that all of it was sent.
   *
   * @param sent Its length and SHA-256, as its END says.
   * @param at How many bytes its connection had been given by then.
   */
  ended(sent: Sent, at: number): void {
    this.sent = sent;
    this.endsAt = at;
  }

  /**
   * Checks a receipt against what was sent.
   *
   * @param frame The receipt.
   * @param id The transfer's id.
   * @throws {TransferError} `protocol` for one that comes too early,
   * `integrity` for one that is about something else.
   */
  settle(frame: ReceiptFrame, id: Uint8Array): void {
    if (!this.sent) {
      throw new TransferError(
        "protocol",
        {
          doing: "trust the receiver",
          found: `it confirmed ${this.title} before its end`,
        },
      );
    }
    const { length, digest } = this.sent;
    const different = !sameBytes(frame.id, id)
      ? "its id is another transfer's"
      : frame.length !== length
      ? `it is for ${frame.length} bytes and ${length} were sent`
      : !sameBytes(frame.digest, digest)
      ? "its SHA-256 differs from what was sent"
      : undefined;
    if (different) {
      throw new TransferError(
        "integrity",
        { doing: `accept the receipt for ${this.title}`, found: different },
      );
    }
    this.receipt = receiptOf(frame);
  }
}
