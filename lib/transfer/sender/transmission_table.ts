/**
 * The entries of one connection of the sender: which of them wait for an answer.
 *
 * @module
 */

import type { TransferError } from "../../base/errors.ts";
import type { Receipt } from "../../model/receipt.ts";
import type { Open, ReceiptFrame } from "../../wire/frames.ts";
import type { OutgoingEntry } from "./outgoing_entry.ts";
import { Transmission } from "./transmission.ts";

/** The transmissions of a session, by number once they are announced. */
export class TransmissionTable {
  /** All of them, in the order in which they are sent. */
  readonly all: readonly Transmission[];
  /** Announced, with neither receipt nor failure. */
  readonly #unsettled = new Map<number, Transmission>();
  #confirmed = 0;

  /**
   * Begins with nothing announced.
   *
   * @param entries What is to be delivered, none of it settled yet.
   */
  constructor(entries: readonly OutgoingEntry[]) {
    this.all = entries.map((entry) => new Transmission(entry));
  }

  /** How many were announced and have neither receipt nor failure. */
  get unsettled(): number {
    return this.#unsettled.size;
  }

  /** Whether every entry has its receipt or has failed. */
  get allSettled(): boolean {
    return this.all.every(({ entry }) => entry.settled);
  }

  /** How many bytes the receiver is known to have of all of them. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /**
   * Finds what a frame is about.
   *
   * @param number The entry's number, as the receiver said it.
   * @returns The transmission, if it was announced and is not settled.
   */
  find(number: number): Transmission | undefined {
    return this.#unsettled.get(number);
  }

  /**
   * Says whether an entry has failed.
   *
   * @param number Its number, as the receiver said it.
   * @returns Whether there is such an entry, and it has failed.
   */
  hasFailed(number: number): boolean {
    return this.all.some(({ entry }) =>
      entry.number === number && entry.failure
    );
  }

  /**
   * Announces an entry.
   *
   * @param one The entry.
   * @returns The frame to say.
   */
  announce(one: Transmission): Open {
    this.#unsettled.set(one.entry.number, one);
    return one.announce();
  }

  /**
   * Notes how many bytes of an entry the receiver says it has.
   *
   * @param one The entry.
   * @param bytes How many, from its start.
   */
  count(one: Transmission, bytes: number): void {
    this.#confirmed += bytes - one.confirmed;
    one.confirmed = bytes;
  }

  /**
   * Settles an entry with its receipt.
   *
   * @param one The entry.
   * @param frame The receipt.
   * @param id The transfer's id.
   * @returns The receipt for people and programs.
   * @throws {TransferError} As {@linkcode Transmission.settle}.
   */
  settle(one: Transmission, frame: ReceiptFrame, id: Uint8Array): Receipt {
    const receipt = one.settle(frame, id);
    this.#unsettled.delete(one.entry.number);
    this.count(one, frame.length);
    return receipt;
  }

  /**
   * Gives an entry up.
   *
   * @param entry The entry.
   * @param failure Why.
   */
  fail(entry: OutgoingEntry, failure: TransferError): void {
    entry.failure = failure;
    this.#unsettled.delete(entry.number);
  }

  /**
   * Notes which entries the receiver may have committed: those whose END was
   * written whole.
   *
   * @param written How many bytes of the connection the kernel has taken.
   * @param why What broke the connection.
   */
  leaveInDoubt(written: number, why: TransferError): void {
    for (const { entry, endPosition } of this.#unsettled.values()) {
      if (endPosition <= written) entry.unconfirmed = why;
    }
  }
}
