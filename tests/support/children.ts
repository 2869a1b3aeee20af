/**
 * Programs that run beside a test: the one under test, and others.
 *
 * @module
 */

import { assert } from "@std/assert";
import { toBytes } from "@std/streams/to-bytes";
import { join } from "node:path";
import { type Command, under } from "./commands.ts";
import { mustBeNamed } from "./needs.ts";
import type { Program } from "./programs.ts";

/**
 * Runs a program to its end.
 *
 * @returns What it printed.
 * @throws {Error} When it fails, with what it said about it.
 */
export async function run(
  program: Program,
  ...args: string[]
): Promise<string> {
  mustBeNamed(program);
  const { success, stdout, stderr } = await new Deno.Command(program, { args })
    .output();
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(`${program} failed: ${decoder.decode(stderr)}`);
  }
  return decoder.decode(stdout);
}

/** Runs a program to its end while this thread waits, and nothing else runs. */
export function runBlocking(program: Program, ...args: string[]): void {
  mustBeNamed(program);
  const { success } = new Deno.Command(program, { args }).outputSync();
  assert(success, `${program} failed`);
}

/** One output of a child process: kept whole, and watched as it comes. */
class Output {
  /** All of it, at its end. */
  readonly whole: Promise<Uint8Array>;
  #text = "";
  #ended = false;
  #wake = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.whole = this.#collect(stream);
  }

  async #collect(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<Uint8Array> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    const decoder = new TextDecoder();
    for await (const piece of stream) {
      pieces.push(piece);
      this.#text += decoder.decode(piece, { stream: true });
      this.#tell();
    }
    this.#ended = true;
    this.#tell();
    return await toBytes(ReadableStream.from(pieces));
  }

  /** All of it as text, at its end. */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.whole);
  }

  #tell(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** Waits for something to be said. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found) return found;
      assert(!this.#ended, `${pattern} was not said, but: ${this.#text}`);
      await this.#wake.promise;
    }
  }
}

/** A program that runs beside the test and ends with it at the latest. */
export class Running implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** What it says on stdout. */
  readonly stdout: Output;
  /** What it says on stderr. */
  readonly stderr: Output;

  constructor(
    program: Program,
    args: readonly string[],
    options: {
      stdin?: Uint8Array<ArrayBuffer>;
      cwd?: string;
      env?: Record<string, string>;
    } = {},
  ) {
    mustBeNamed(program);
    const { stdin, cwd, env } = options;
    this.#child = new Deno.Command(program, {
      args: [...args],
      stdin: stdin ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    }).spawn();
    this.stdout = new Output(this.#child.stdout);
    this.stderr = new Output(this.#child.stderr);
    if (stdin) this.#feed(stdin);
  }

  #feed(bytes: Uint8Array<ArrayBuffer>): void {
    ReadableStream.from([bytes]).pipeTo(this.#child.stdin).catch(() => {
      // It ended before it had read everything; its test says whether it may.
    });
  }

  /** Its number in the system. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Its exit code, 128 and more for a signal. */
  async code(): Promise<number> {
    return (await this.#child.status).code;
  }

  /** Asks it to end. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Ends it, if it still runs, and waits for its last word. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
    await Promise.all([
      this.#child.status,
      this.stdout.whole,
      this.stderr.whole,
    ]);
  }
}

/** What one of the Python peers saw. */
export interface Sighting {
  /** How many bytes it read. */
  bytes: number;
  /** Their SHA-256. */
  sha256: string;
  /** How the stream ended: `none` where the peer did not wait for it. */
  end: "eof" | "reset" | "none";
}

/** A Python peer that listens for one connection. */
export interface Peer extends AsyncDisposable {
  /** Where it listens. */
  readonly target: { hostname: string; port: number };
  /** What it saw, once it is done. */
  report(): Promise<Sighting>;
}

/**
 * Starts one of the programs in tests/support/peers.
 *
 * @param name Its file's name without the ending.
 * @param args What it takes.
 * @returns The peer, listening.
 */
export async function peer(name: string, ...args: string[]): Promise<Peer> {
  const path = `${import.meta.dirname}/peers/${name}.py`;
  // -B: no compiled files beside the sources.
  const child = new Running("python3", ["-B", path, ...args]);
  const [, port] = await child.stdout.until(/"port": (\d+)/);
  return {
    target: { hostname: "127.0.0.1", port: Number(port) },
    async report() {
      const [line] = await child.stdout.until(/\{"bytes".*\}/);
      return JSON.parse(line);
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** The repository's root. */
export const ROOT = join(import.meta.dirname!, "../..");

/**
 * Starts the program under test, with the permission set it ships.
 *
 * @param args Its arguments.
 * @param stdin What it reads.
 * @param env Variables it gets besides this process's own.
 * @returns The program, running.
 */
export function halfclose(
  args: readonly string[],
  stdin?: Uint8Array<ArrayBuffer>,
  env?: Record<string, string>,
): Running {
  // Quiet is Deno: it warns of -P on the same stderr.
  return new Running("deno", ["run", "--quiet", "-P", "cli.ts", ...args], {
    cwd: ROOT,
    ...(stdin ? { stdin } : {}),
    ...(env ? { env } : {}),
  });
}

/**
 * Starts a program on a terminal, at which somebody may type a line.
 *
 * @param program The program and its arguments.
 * @param after What is printed before the line is typed; empty for none.
 * @param line What is typed; it ends in a line feed.
 * @returns The program, running.
 */
export function onTerminal(
  program: Command,
  after = "",
  line = "",
): Running {
  const script = `${ROOT}/tests/support/peers/terminal.py`;
  const terminal = ["python3", "-B", script, after, line] as const;
  const [python, ...args] = under(terminal, program);
  return new Running(python, args, { cwd: ROOT });
}

/** How a program ended, and what it had said by then. */
export interface Ending {
  code: number;
  stdout: string;
  stderr: string;
}

/** Waits for a program to end by itself. */
export async function ended(program: Running): Promise<Ending> {
  const [code, stdout, stderr] = await Promise.all([
    program.code(),
    program.stdout.text(),
    program.stderr.text(),
  ]);
  return { code, stdout, stderr };
}

/** Runs the program under test to its end; see {@linkcode halfclose}. */
export async function cli(
  ...args: Parameters<typeof halfclose>
): Promise<Ending> {
  await using program = halfclose(...args);
  return await ended(program);
}
