/**
 * Signals: SIGINT ends the work at once but in order, SIGTERM lets a server
 * finish first; the next one is more urgent than the one before.
 *
 * @module
 */

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
  /**
   * What SIGTERM does instead of aborting, once; a further signal aborts.
   */
  terminate: (() => void) | undefined;
  readonly #handlers = new Map<Deno.Signal, () => void>();

  /** Begins to listen. */
  constructor() {
    for (const name of ["SIGINT", "SIGTERM"] as const) {
      const handler = () => this.#on(name);
      this.#handlers.set(name, handler);
      Deno.addSignalListener(name, handler);
    }
  }

  /** Aborts at the first signal, with an {@linkcode Interrupted}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  #on(name: "SIGINT" | "SIGTERM"): void {
    const interrupted = new Interrupted(name);
    if (this.signal.aborted) Deno.exit(interrupted.exit);
    const gently = name === "SIGTERM" ? this.terminate : undefined;
    this.terminate = undefined;
    if (gently) gently();
    else this.#controller.abort(interrupted);
  }

  /** Stops listening; signals end the program again. */
  [Symbol.dispose](): void {
    for (const [name, handler] of this.#handlers) {
      Deno.removeSignalListener(name, handler);
    }
  }
}
