/**
 * The life of an accepted connection: unauthenticated, then admitted as a
 * session, then gone; and how many sessions there may be at a time.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import { closeQuietly } from "../net/deadline.ts";
import type { Duplex } from "../net/duplex.ts";
import { type Slot, UnauthenticatedConns } from "./unauthenticated.ts";

/** Counts the sessions of a server, and admits new ones. */
export class Admission {
  /** The connections whose peers are not authenticated yet. */
  readonly unauthenticated: UnauthenticatedConns;
  readonly #max: number;
  #sessions = 0;
  #closed = false;
  #empty = Promise.withResolvers<void>();

  /**
   * Makes a count.
   *
   * @param max Sessions at a time.
   * @param unauthenticated Counts the connections that are no session yet.
   */
  constructor(max: number, unauthenticated = new UnauthenticatedConns()) {
    this.#max = max;
    this.unauthenticated = unauthenticated;
    this.#empty.resolve();
  }

  /** Resolves when there is no session. */
  get empty(): Promise<void> {
    return this.#empty.promise;
  }

  /**
   * Takes on an accepted connection, whose peer is not authenticated yet.
   *
   * @param conn The connection.
   * @param host The address that it came from.
   * @returns Its state; `undefined`, with the connection closed, where that
   * address has too many unauthenticated ones already.
   */
  accept(conn: Duplex, host: string): AcceptedConn | undefined {
    const accepted = new AcceptedConn(this, conn);
    if (accepted.wait(host)) return accepted;
    accepted.close();
  }

  /**
   * Counts one session more.
   *
   * @throws {TransferError} `rejected` and retriable when there are too many
   * already, or the server admits none any more.
   */
  enter(): void {
    if (this.#closed) {
      throw new TransferError(
        "rejected",
        { doing: "take a session", found: "the receiver is stopping" },
        { retriable: true },
      );
    }
    if (this.#sessions >= this.#max) {
      throw new TransferError(
        "rejected",
        {
          doing: "take a session",
          found: `the receiver is busy with ${this.#max} others`,
        },
        { retriable: true },
      );
    }
    if (this.#sessions++ === 0) this.#empty = Promise.withResolvers();
  }

  /** Counts one session less. */
  leave(): void {
    if (--this.#sessions === 0) this.#empty.resolve();
  }

  /** Admits no session from now on. */
  close(): void {
    this.#closed = true;
  }
}

/** An accepted connection, and what it is counted as. */
export class AcceptedConn {
  readonly #admission: Admission;
  #conn: Duplex;
  #slot: Slot | undefined;
  #state: "unauthenticated" | "admitted" | "gone" = "unauthenticated";

  /**
   * Begins as unauthenticated.
   *
   * @param admission Counts the sessions.
   * @param conn The connection.
   */
  constructor(admission: Admission, conn: Duplex) {
    this.#admission = admission;
    this.#conn = conn;
  }

  /** Whether it is a session now. */
  get admitted(): boolean {
    return this.#state === "admitted";
  }

  /**
   * Takes a slot among the unauthenticated connections, whose limits may close
   * it while it is one of them.
   *
   * @param host The address that it came from.
   * @returns Whether there was a slot.
   */
  wait(host: string): boolean {
    const { unauthenticated } = this.#admission;
    this.#slot = unauthenticated.enter(host, () => this.close());
    return this.#slot !== undefined;
  }

  /** Notes the connection that replaces the one before, for example TLS. */
  readonly replace = (conn: Duplex): void => {
    this.#conn = conn;
  };

  /** Closes the connection; what it is counted as stays. */
  close(): void {
    closeQuietly(this.#conn);
  }

  /**
   * Makes it a session.
   *
   * @throws {TransferError} `rejected` when it cannot be one now.
   */
  admit(): void {
    this.#admission.enter();
    this.#slot?.leave();
    this.#state = "admitted";
  }

  /** Closes the connection and counts it no longer; harmless when repeated. */
  end(): void {
    this.close();
    this.#slot?.leave();
    if (this.#state === "admitted") this.#admission.leave();
    this.#state = "gone";
  }
}
