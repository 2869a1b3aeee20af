/**
 * One connection's way in and out: a stranger first, a session then.
 *
 * @module
 */

import { closeQuietly } from "../net/deadline.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Admission } from "./admission.ts";
import type { Place, UnauthenticatedConns } from "./unauthenticated.ts";

/** Where a connection stands, and how to end it. */
export class Door {
  readonly #admission: Admission;
  #conn: Duplex;
  #place: Place | undefined;
  /** Whether it is nobody known yet. */
  stranger = true;

  /**
   * Opens for a connection.
   *
   * @param admission Counts the sessions.
   * @param conn The connection.
   */
  constructor(admission: Admission, conn: Duplex) {
    this.#admission = admission;
    this.#conn = conn;
  }

  /** Waits among the strangers, if there is room; may be dismissed from there. */
  wait(lobby: UnauthenticatedConns, host: string): boolean {
    this.#place = lobby.enter(host, () => this.close());
    return this.#place !== undefined;
  }

  /** Notes which connection takes the place of the one before. */
  readonly becomes = (conn: Duplex): void => {
    this.#conn = conn;
  };

  /** Ends it, whatever it has become. */
  close(): void {
    closeQuietly(this.#conn);
  }

  /**
   * Begins its session.
   *
   * @throws {TransferError} `rejected` when there is no room.
   */
  enter(): void {
    this.#admission.enter();
    this.#place?.leave();
    this.stranger = false;
  }

  /** Gives back what it took. */
  leave(): void {
    if (this.stranger) this.#place?.leave();
    else this.#admission.leave();
  }
}
