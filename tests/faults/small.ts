/**
 * A transfer of a few hundred bytes with one of everything in it, for tests
 * that break it at every byte.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { Receipt } from "../../lib/model/receipt.ts";
import type { ServeOptions } from "../../lib/server/options.ts";
import { serve, type Server } from "../../lib/server/serve.ts";
import { directorySink } from "../../lib/sink/disk/mod.ts";
import { bytesItem, directoryItem, type Item } from "../../lib/source/item.ts";
import { type SendOptions, transfer } from "../../lib/transfer/sender/send.ts";
import { noise, type TempDir, tempDir, tree } from "../support/helpers.ts";
import { FaultProxy, type Plan } from "./proxy.ts";

const CONTENT = noise(100);

/** A file, an empty file and a directory, below a name of their own. */
export function smallItems(name: string): Item[] {
  const file = (last: string, bytes: Uint8Array) =>
    bytesItem(bytes, {
      kind: "file",
      name: `${name}/${last}`,
      size: bytes.length,
    });
  return [
    file("full", CONTENT),
    file("empty", new Uint8Array(0)),
    directoryItem({ kind: "directory", name: `${name}/dir` }),
  ];
}

const WHOLE = ["dir/", "empty", "full"];

/** What a transfer came to: its receipts, or why there are none. */
export async function outcomeOf(
  promise: Promise<Receipt[]>,
): Promise<Receipt[] | TransferError> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof TransferError) return error;
    throw error;
  }
}

/** A receiver into a directory of its own. */
export class Inbox implements AsyncDisposable {
  /** What the sessions that failed threw. */
  readonly errors: TransferError[] = [];
  readonly server: Server;
  readonly #dir: TempDir;

  private constructor(dir: TempDir, options: Partial<ServeOptions>) {
    this.#dir = dir;
    this.server = serve({
      sink: directorySink(dir.path),
      maxConnections: 10_000,
      onError: (error) => this.errors.push(error),
      ...options,
    });
  }

  /** Starts one. */
  static async open(options: Partial<ServeOptions> = {}): Promise<Inbox> {
    return new Inbox(await tempDir(), options);
  }

  /** Where its files land. */
  get path(): string {
    return this.#dir.path;
  }

  /** Sends the small transfer, past what a plan does to it. */
  async sendPast(
    plan: Plan,
    name: string,
    options: SendOptions = {},
  ): Promise<Receipt[] | TransferError> {
    await using proxy = await FaultProxy.to(this.server.addr, plan);
    return await outcomeOf(transfer(smallItems(name), proxy.addr, options));
  }

  /** That nothing of a small transfer is there unless it is right. */
  async assertNothingWrong(name: string): Promise<void> {
    const found = await this.#found(name);
    for (const one of found) assert(WHOLE.includes(one), `${one} is there`);
    await this.#assertContent(name, found);
  }

  /** That all of a small transfer is there and right. */
  async assertWhole(name: string): Promise<void> {
    const found = await this.#found(name);
    assertEquals(found, WHOLE);
    await this.#assertContent(name, found);
  }

  async #found(name: string): Promise<string[]> {
    try {
      return await tree(`${this.path}/${name}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  async #assertContent(name: string, found: string[]): Promise<void> {
    const read = (last: string) =>
      Deno.readFile(`${this.path}/${name}/${last}`);
    if (found.includes("full")) assertEquals(await read("full"), CONTENT);
    if (found.includes("empty")) assertEquals((await read("empty")).length, 0);
  }

  /** Ends every session, and asserts that no temporary file is left. */
  async end(): Promise<void> {
    await this.server.shutdown();
    const left = (await tree(this.path)).filter((one) => one.startsWith("."));
    assertEquals(left, []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.#dir[Symbol.asyncDispose]();
  }
}

/** How many bytes the small transfer has in each direction. */
export async function lengthsOf(): Promise<{ up: number; down: number }> {
  await using inbox = await Inbox.open();
  await using proxy = await FaultProxy.to(inbox.server.addr);
  await transfer(smallItems("n0000"), proxy.addr, {});
  const [link] = proxy.links;
  const sum = (pieces: Uint8Array[]) =>
    pieces.reduce((all, { length }) => all + length, 0);
  return { up: sum(link!.up), down: sum(link!.down) };
}

/** Runs something for each of a list, several at a time. */
export async function each<T>(
  list: Iterable<T>,
  atOnce: number,
  run: (one: T) => Promise<void>,
): Promise<void> {
  const rest = [...list].values();
  const worker = async () => {
    for (const one of rest) await run(one);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
