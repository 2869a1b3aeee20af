/**
 * A program of an experiment: a thread of its own whose calls may block.
 *
 * Each is a worker that makes plain synchronous calls, so that a blocking call
 * blocks only its own thread and errno is read on the thread it belongs to.
 *
 * @module
 */

import type { CallName, Calls, Done, Step, Timed } from "./calls.ts";
import { LabError } from "./error.ts";

/** Sees the calls a program has made, in order, when the last is done. */
export type Observer = (done: readonly Done[]) => void;

/** One thread, and the calls it is told to make. */
export class Program implements Disposable {
  readonly #worker: Worker;
  readonly #waiting: PromiseWithResolvers<Done[]>[] = [];
  /** Told of every call. */
  observer: Observer | undefined;
  /** Its thread id, as the kernel knows it. */
  thread = 0;

  private constructor(readonly name: string) {
    this.#worker = new Worker(import.meta.resolve("./program_worker.ts"), {
      type: "module",
      name,
    });
  }

  /**
   * Starts a thread.
   *
   * @param name What ladders call it.
   * @returns The program, ready for calls.
   */
  static async start(name: string): Promise<Program> {
    const program = new Program(name);
    const worker = program.#worker;
    await new Promise<void>((resolve, reject) => {
      worker.onerror = (event) => reject(new LabError(event.message));
      worker.onmessage = ({ data }: MessageEvent<{ thread: number }>) => {
        program.thread = data.thread;
        resolve();
      };
    });
    worker.onmessage = ({ data }: MessageEvent<Done[]>) =>
      program.#waiting.shift()?.resolve(data);
    worker.onerror = (event) => {
      event.preventDefault(); // it is told to whoever waits for the calls
      const error = new LabError(`Cannot go on with ${name}: ${event.message}`);
      for (const { reject } of program.#waiting.splice(0)) reject(error);
    };
    return program;
  }

  /**
   * Makes one call on the program's thread.
   *
   * @param name The call.
   * @param args Its arguments.
   * @returns What it returned, with errno by name and its times.
   */
  async call<K extends CallName>(
    name: K,
    ...args: Parameters<Calls[K]>
  ): Promise<Timed<ReturnType<Calls[K]>>> {
    const [result] = await this.run([[name, ...args] as unknown as Step]);
    return result as Timed<ReturnType<Calls[K]>>;
  }

  /**
   * Makes several calls with nothing in between.
   *
   * @param steps The calls, in order.
   * @returns Their results, in the same order.
   * @throws {LabError} When the thread itself failed, and not a call.
   */
  async run(steps: readonly Step[]): Promise<Timed[]> {
    const waiting = Promise.withResolvers<Done[]>();
    this.#waiting.push(waiting);
    this.#worker.postMessage(steps);
    const done = await waiting.promise;
    this.observer?.(done);
    return done.map((step) => step.result);
  }

  /** Ends the thread; it must not be blocked in a call. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
