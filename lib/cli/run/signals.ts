/**
 * Signals: SIGINT ends the work at once but in order, SIGTERM lets a server
 * finish first; the next one is more urgent than the one before.
 *
 * @module
 */

import { MAX_DELAY_MS } from "../../base/abort.ts";

/**
 * How long work that was interrupted may take to end in order, in milliseconds.
 * What nothing can interrupt, for example the opening of a pipe or a read of
 * stdin, keeps a person waiting no longer than that.
 */
const ORDERLY_MS = 1_500;

/** The reason an interrupted piece of work rejects with. */
export class Interrupted extends Error {
  /** Always `"Interrupted"`. */
  override readonly name: string = "Interrupted";
  /** What a shell expects: 128 and the signal's number. */
  readonly exit: number;

  /**
   * Makes a reason.
   *
   * @param signal Which signal it was.
   */
  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`Interrupted by ${signal}`);
    this.exit = signal === "SIGINT" ? 130 : 143;
  }
}

/** Listens for SIGINT and SIGTERM until it is disposed. */
export class Signals implements Disposable {
  readonly #controller = new AbortController();
  readonly #leave: (reason: Interrupted) => void;
  readonly #handlers = new Map<Deno.Signal, () => void>();
  #last: Interrupted | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /**
   * What SIGTERM does instead of aborting, once; a further signal aborts. It
   * says how long that takes at most, in milliseconds.
   */
  terminate: (() => number) | undefined;

  /**
   * Begins to listen.
   *
   * @param leave Ends the program, where it did not end by itself in time.
   */
  constructor(leave: (reason: Interrupted) => void) {
    this.#leave = leave;
    for (const name of ["SIGINT", "SIGTERM"] as const) {
      this.#handlers.set(name, () => this.#on(name));
    }
    this.#listen();
  }

  /** Aborts at the first signal, with an {@linkcode Interrupted}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The latest signal, if there was one, as a reason to end with. */
  get last(): Interrupted | undefined {
    return this.#last;
  }

  #listen(): void {
    for (const [name, handler] of this.#handlers) {
      Deno.addSignalListener(name, handler);
    }
  }

  #ignore(): void {
    for (const [name, handler] of this.#handlers) {
      Deno.removeSignalListener(name, handler);
    }
  }

  #on(name: "SIGINT" | "SIGTERM"): void {
    const interrupted = this.#last = new Interrupted(name);
    if (this.signal.aborted) return this.#leave(interrupted);
    const gently = name === "SIGTERM" ? this.terminate : undefined;
    this.terminate = undefined;
    const patience = gently ? gently() : 0;
    if (!gently) this.#controller.abort(interrupted);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#leave(interrupted),
      Math.min(patience + ORDERLY_MS, MAX_DELAY_MS),
    );
    Deno.unrefTimer(this.#timer);
  }

  /** Stops listening; signals end the program again. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#ignore();
  }
}
