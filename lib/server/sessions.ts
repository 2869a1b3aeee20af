/**
 * The registry of a server's connections. Each has an id of its own: an address
 * would not do, since all peers of a Unix socket have the same.
 *
 * @module
 */

import { TaskGroup } from "../base/task_group.ts";
import type { Progress } from "../model/progress.ts";

/** Which session something is about. */
export interface SessionInfo {
  /**
   * Unique in the server's life, from 1 on. It is 0 where there is no
   * connection, in an error of accepting one.
   */
  readonly id: number;
  /** The sender's address, as people type it. */
  readonly peer: string;
}

/** What is known about a connection that is served. */
export class Session implements SessionInfo {
  readonly id: number;
  readonly peer: string;
  /** When the connection was accepted. */
  readonly since: Date = new Date();
  /** How far it is, once it has said so. */
  progress: Progress | undefined;

  /**
   * Begins without progress.
   *
   * @param id Unique among the server's sessions.
   * @param peer The sender's address.
   */
  constructor(id: number, peer: string) {
    this.id = id;
    this.peer = peer;
  }

  /** What callbacks are told. */
  get info(): SessionInfo {
    return { id: this.id, peer: this.peer };
  }
}

/** Knows every connection from its accept to its end. */
export class SessionRegistry implements Iterable<Session> {
  readonly #sessions = new Map<number, Session>();
  readonly #tasks = new TaskGroup();
  #lastId = 0;

  /** How many there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Those that there are now, the oldest first. */
  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.values();
  }

  /**
   * Registers a connection until the work on it has ended.
   *
   * @param peer The sender's address.
   * @param work Serves it. What it rejects with is for {@linkcode allDone}.
   */
  run(peer: string, work: (session: Session) => Promise<void>): void {
    const session = new Session(++this.#lastId, peer);
    this.#sessions.set(session.id, session);
    this.#tasks.add(
      work(session).finally(() => this.#sessions.delete(session.id)),
    );
  }

  /**
   * Resolves when every connection has ended.
   *
   * @throws What the work on the first one that failed rejected with.
   */
  async allDone(): Promise<void> {
    await this.#tasks.allDone();
  }
}
