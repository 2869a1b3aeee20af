/**
 * The entries of a session that have no receipt yet.
 *
 * @module
 */

import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import {
  type Data,
  type End,
  type Fail,
  type Frame,
  MAX_AHEAD,
  type Open,
  SESSION,
} from "../../wire/frames.ts";
import type { IncomingEntry } from "./incoming_entry.ts";

/** Which entries are open, and which have failed. */
export class EntryTable {
  readonly #open = new Map<number, IncomingEntry>();
  /** Entries that failed; the sender may not know yet and goes on sending. */
  readonly #refused = new Set<number>();
  /** The one whose bytes are coming. */
  #current: number | undefined;
  #count = 0;
  #last = -1;
  #receipts = 0;
  #confirmed = 0;

  /** The one that was opened first of those without a receipt. */
  get first(): IncomingEntry | undefined {
    const [first] = this.#open.values();
    return first;
  }

  /**
   * Checks an OPEN: numbers rise, and at most MAX_AHEAD entries are open.
   *
   * @param open The frame.
   * @throws {TransferError} `protocol` when it breaks one of these rules.
   */
  announce({ entry }: Open): void {
    if (entry <= this.#last || entry === SESSION) {
      throw outOfPlace("open", entry);
    }
    if (this.#open.size >= MAX_AHEAD) {
      throw new TransferError(
        "protocol",
        {
          doing: "go on",
          found: `the sender opened more than ${MAX_AHEAD} entries ahead`,
        },
      );
    }
    this.#last = entry;
    this.#count++;
  }

  /** Adds an entry that was accepted. */
  add(incoming: IncomingEntry): void {
    this.#open.set(incoming.open.entry, incoming);
  }

  /**
   * Finds the entry that a frame is for.
   *
   * @param frame The frame.
   * @returns The entry, or `undefined` for one that was refused.
   * @throws {TransferError} `protocol` where there is no such entry, and for
   * DATA between another entry's DATA and its END.
   */
  find({ type, entry }: Data | End | Fail): IncomingEntry | undefined {
    const incoming = this.#open.get(entry);
    if (incoming?.phase === "receiving") {
      if (type === "data") this.#begin(entry);
      return incoming;
    }
    if (incoming || !this.#refused.has(entry)) throw outOfPlace(type, entry);
  }

  /** One after the other, so that a session has one file open to write to. */
  #begin(entry: number): void {
    const other = this.#current === entry ? undefined : this.#current;
    if (other !== undefined && this.#open.get(other)?.phase === "receiving") {
      throw outOfPlace("data", entry);
    }
    this.#current = entry;
  }

  /** How many bytes the entries with a receipt have. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /**
   * How many bytes there are in all, for a session of a single entry. Of more,
   * nobody on this side knows how many will come; and of an entry that is not
   * accepted yet, or has failed, nobody knows how much of it will.
   */
  get total(): number | undefined {
    const known = this.#count === 1 &&
      (this.#open.size > 0 || this.#receipts > 0);
    const size = known ? this.size : undefined;
    return size === undefined ? undefined : this.#confirmed + size;
  }

  /** Sum of the announced sizes in bytes; absent where one is not known. */
  get size(): number | undefined {
    let sum = 0;
    for (const { open } of this.#open.values()) {
      if (open.size === undefined && open.kind === "file") return undefined;
      sum += open.size ?? 0;
    }
    return sum;
  }

  /** How many were opened so far, refused ones included. */
  get count(): number {
    return this.#count;
  }

  /** One that has no END yet. */
  get unfinished(): IncomingEntry | undefined {
    return [...this.#open.values()].find(({ phase }) => phase === "receiving");
  }

  /**
   * Checks a FINISH against what was opened and ended.
   *
   * @param count How many entries the sender says it opened.
   * @throws {TransferError} `protocol` when the count differs, or when an entry
   * has no END.
   */
  finish(count: number): void {
    const left = this.unfinished;
    if (count === this.#count && !left) return;
    throw new TransferError(
      "protocol",
      {
        doing: "go on",
        found: `the sender finished with ${count} entries, ` +
          `${this.#count} were opened` +
          (left ? `, and ${quote(left.open.name)} has no end` : ""),
      },
    );
  }

  /** The error for a sender that ends its side now. */
  cutOff(): TransferError {
    const where = this.first
      ? ` in ${quote(this.first.open.name)} after ${this.first.received} bytes`
      : "";
    return new TransferError(
      "lost",
      {
        doing: "receive the rest",
        found: `the sender ended${where} without finishing`,
      },
    );
  }

  /**
   * Forgets an entry that has its receipt.
   *
   * @param entry Its number.
   * @param bytes Its length in bytes.
   */
  settle(entry: number, bytes: number): void {
    this.#open.delete(entry);
    this.#receipts++;
    this.#confirmed += bytes;
  }

  /** Notes that an entry failed on this side, and drops it. */
  async refuse(entry: number): Promise<void> {
    this.#refused.add(entry);
    // A sender is at most MAX_AHEAD entries ahead, so it has heard of older ones.
    const [oldest] = this.#refused;
    if (this.#refused.size > 2 * MAX_AHEAD) this.#refused.delete(oldest!);
    await this.drop(entry);
  }

  /** Forgets an entry, and aborts its draft or keeps what can be resumed. */
  async drop(entry: number, how: "abort" | "keep" = "abort"): Promise<void> {
    const incoming = this.#open.get(entry);
    this.#open.delete(entry);
    try {
      await (how === "keep" ? incoming?.keep() : incoming?.abort());
    } catch (error) {
      // The entry has failed already, and its temporary file is removed later.
      if (!(error instanceof TransferError)) throw error;
    }
  }

  /** Forgets all of them, and keeps what another session can resume. */
  async keepAll(): Promise<void> {
    const left = [...this.#open.keys()];
    await Promise.all(left.map((entry) => this.drop(entry, "keep")));
  }
}

function outOfPlace(type: Frame["type"], entry: number): TransferError {
  return new TransferError(
    "protocol",
    {
      doing: "go on",
      found: `the sender said ${type.toUpperCase()} for entry ${entry}, ` +
        "out of place",
    },
  );
}
