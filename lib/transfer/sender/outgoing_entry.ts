/**
 * One entry of a transfer on the sender's side, over all its connections.
 *
 * @module
 */

import type { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import type { Receipt } from "../../model/receipt.ts";
import type { Item } from "../../source/item.ts";

/** An entry and what is known of its delivery; it outlives a connection. */
export class OutgoingEntry {
  /** Its number, the same on every connection of the transfer. */
  readonly number: number;
  /** What is sent. */
  readonly item: Item;
  /** Proof of its delivery. */
  receipt: Receipt | undefined;
  /** Why it was not delivered. */
  failure: TransferError | undefined;
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

  /** Whether it was delivered or has failed. */
  get settled(): boolean {
    return this.receipt !== undefined || this.failure !== undefined;
  }

  /**
   * Whether the receiver may have committed it: it was sent whole on some
   * connection, and no answer came. A receipt settles that, and so does a
   * rejection for good. What failed at a later attempt, on this side or for
   * now, says nothing about the attempt before.
   */
  get inDoubt(): boolean {
    if (!this.unconfirmed || this.receipt) return false;
    return this.failure?.code !== "rejected" || this.failure.retriable;
  }

  /** Its name, escaped and quoted. */
  get title(): string {
    return quote(this.item.entry.name);
  }

  /** Forgets a failure that another attempt may cure, and no other. */
  retry(): void {
    if (this.failure?.retriable) this.failure = undefined;
  }
}
