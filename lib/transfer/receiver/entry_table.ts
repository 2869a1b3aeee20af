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

  /** The one that waits longest for its receipt. */
  get first(): IncomingEntry | undefined {
    const [first] = this.#open.values();
    return first;
  }

  /**
   * Checks an OPEN against the rules: numbers rise, and not too many are open.
   *
   * @param open What the sender said.
   * @throws {TransferError} `protocol` when it breaks them.
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

  /** Takes an entry in. */
  add(incoming: IncomingEntry): void {
    this.#open.set(incoming.open.entry, incoming);
  }

  /**
   * Finds the entry that a frame is for.
   *
   * @param frame What the sender said.
   * @returns The entry, or `undefined` for one that was refused.
   * @throws {TransferError} `protocol` where there is no such entry, and for
   * bytes in the middle of another entry's.
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

  /** Bytes of all that are open; absent where one has no size. */
  get size(): number | undefined {
    let sum = 0;
    for (const { open } of this.#open.values()) {
      if (open.size === undefined && open.kind === "file") return undefined;
      sum += open.size ?? 0;
    }
    return sum;
  }

  /** How many were opened so far. */
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
   * @throws {TransferError} `protocol` when it is not so.
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

  /** What it means that the sender ended now. */
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

  /** Forgets an entry that has its receipt. */
  settle(entry: number): void {
    this.#open.delete(entry);
  }

  /** Notes that an entry failed on this side, and drops it. */
  async refuse(entry: number): Promise<void> {
    this.#refused.add(entry);
    // A sender that may be MAX_AHEAD ahead has heard of all before those.
    const [oldest] = this.#refused;
    if (this.#refused.size > 2 * MAX_AHEAD) this.#refused.delete(oldest!);
    await this.drop(entry);
  }

  /** Forgets an entry, and its draft or what cannot be gone on with of it. */
  async drop(entry: number, how: "abort" | "keep" = "abort"): Promise<void> {
    const incoming = this.#open.get(entry);
    this.#open.delete(entry);
    try {
      await (how === "keep" ? incoming?.keep() : incoming?.abort());
    } catch (error) {
      // The entry has failed already; what its draft left is swept later.
      if (!(error instanceof TransferError)) throw error;
    }
  }

  /** Forgets all of them, and keeps what another session can go on with. */
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
