/**
 * Whole transfers, from sources to receipts, over as many connections as it
 * takes.
 *
 * @module
 */

import { nameOf, type Target } from "./connect.ts";
import { Delivery, isCut } from "./delivery.ts";
import { asTransferError, foundOf, together, TransferError } from "./errors.ts";
import { ID_BYTES } from "./frames.ts";
import { Outgoing } from "./outgoing.ts";
import type { Progress, Receipt } from "./receipt.ts";
import { reach } from "./reach.ts";
import { retrying, type RetryOptions } from "./retry.ts";
import {
  type SenderGuard,
  senderGuard,
  type SenderSecurity,
} from "./security.ts";
import {
  bytesItem,
  type Item,
  readerItem,
  readerOf,
  type Source,
} from "./source.ts";
import { walk, type WalkOptions } from "./walk.ts";

/** Options of {@linkcode send} and {@linkcode sendAll}. */
export interface SendOptions extends WalkOptions, RetryOptions, SenderSecurity {
  /** Longest time to connect, in milliseconds. @default {10_000} */
  connectTimeout?: number;
  /** Longest silence from the receiver in milliseconds. @default {30_000} */
  idleTimeout?: number;
  /** Bytes a second at most. @default {Infinity} */
  limitRate?: number;
  /**
   * Stops the transfer: the receiver is told, and the promise rejects with the
   * signal's reason within about a second.
   */
  signal?: AbortSignal;
  /** Hears of each connection that came about. */
  onConnect?: () => void;
  /** Hears what the receiver has, several times a second. */
  onProgress?: (progress: Progress) => void;
  /** Hears of each receipt as it is read. */
  onReceipt?: (receipt: Receipt) => void;
}

/**
 * Sends one source and waits for the proof of its delivery.
 *
 * On abort: `options.signal` ends the transfer as said there. What the source
 * was read of is lost to it.
 *
 * @param source A file's path, bytes, a reader, a stream or an iterable.
 * @param target Where the receiver listens, in `Deno.connect`'s words.
 * @param options The name at the receiver (by default the file's own, or
 * `stdin`), bounds and callbacks.
 * @returns The receipt: the receiver has the identical bytes under that name.
 * @throws {TransferError} Why not; `unconfirmed` where nobody can know.
 *
 * @example Send bytes and hold the receipt
 * ```ts
 * import { memorySink, send, serve } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const sink = memorySink();
 * await using server = serve({ sink });
 * const receipt = await send(new Uint8Array(1_000_000), server.addr, {
 *   name: "zeros.bin",
 * });
 * assertEquals(receipt.bytes, sink.files.get("zeros.bin")?.length);
 * ```
 */
export async function send(
  source: Source,
  target: Target,
  options: SendOptions = {},
): Promise<Receipt> {
  const items = typeof source === "string"
    ? await Array.fromAsync(walk(source, options))
    : [itemOf(source, options.name ?? "stdin")];
  if (items.length !== 1) {
    throw new TransferError(
      "usage",
      "Cannot send a directory with send(): sendAll() takes it",
    );
  }
  const [receipt] = await transfer(items, target, options);
  return receipt!;
}

/**
 * Sends files and directories in one transfer.
 *
 * On abort: as {@linkcode send}.
 *
 * @param paths Files and directories, these with all that is in them.
 * @param target Where the receiver listens.
 * @param options As for {@linkcode send}; a `name` needs a single path.
 * @returns One receipt for each file and directory.
 * @throws {TransferError} Why not everything was delivered. Where single
 * entries failed the others are delivered all the same, as `onReceipt` heard,
 * and `errors` holds what became of each.
 *
 * @example Send a directory
 * ```ts
 * import { memorySink, sendAll, serve } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const dir = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${dir}/a`, "hello");
 * const sink = memorySink();
 * await using server = serve({ sink });
 * await sendAll([dir], server.addr, { name: "mine" });
 * assertEquals([...sink.files.keys()], ["mine/a"]);
 * await Deno.remove(dir, { recursive: true });
 * ```
 */
export async function sendAll(
  paths: Iterable<string>,
  target: Target,
  options: SendOptions = {},
): Promise<Receipt[]> {
  const items: Item[] = [];
  for (const path of paths) {
    for await (const item of walk(path, options)) items.push(item);
  }
  return await transfer(items, target, options);
}

/**
 * Sends prepared items in one transfer.
 *
 * On abort: as {@linkcode send}.
 *
 * @param items What to send; no two may have the same name.
 * @param target Where the receiver listens.
 * @param options Bounds and callbacks.
 * @returns One receipt for each item, in their order.
 * @throws {TransferError} As {@linkcode sendAll}.
 */
export async function transfer(
  items: readonly Item[],
  target: Target,
  options: SendOptions,
): Promise<Receipt[]> {
  checkNames(items);
  const guard = senderGuard(options);
  const id = crypto.getRandomValues(new Uint8Array(ID_BYTES));
  const entries = items.map((item, number) => new Outgoing(item, number));
  const left = () =>
    entries.filter((one) => !one.settled || one.failure?.retriable);
  try {
    await retrying(
      options,
      async () => {
        for (const one of left()) one.restart();
        await tryOnce(id, entries, target, options, guard);
      },
      (error) => error.retriable && left().every((one) => one.item.repeatable),
    );
  } catch (error) {
    options.signal?.throwIfAborted();
    throw explain(
      asTransferError(error, "internal", "deliver"),
      entries,
      target,
    );
  }
  return entries.map((one) => one.receipt!);
}

/** One connection's worth. Throws what is wrong afterwards, if anything. */
async function tryOnce(
  id: Uint8Array,
  entries: readonly Outgoing[],
  target: Target,
  options: SendOptions,
  guard: SenderGuard | undefined,
): Promise<void> {
  const { signal, onProgress, onReceipt } = options;
  const before = sum(entries.map((one) => one.has));
  const total = sum(entries.map((one) => sizeOf(one)));
  const conn = await reach(target, {
    connectTimeout: options.connectTimeout ?? 10_000,
    ...(signal ? { signal } : {}),
  }, guard);
  options.onConnect?.();
  await new Delivery(conn, id, entries.filter((one) => !one.settled), {
    idleTimeout: options.idleTimeout ?? 30_000,
    limitRate: options.limitRate ?? Infinity,
    signal,
    onReceipt: (receipt) => onReceipt?.(receipt),
    onProgress: ({ phase, bytes }) =>
      onProgress?.({
        phase,
        bytes: before + bytes,
        ...(Number.isNaN(total) ? {} : { total }),
      }),
  }).run();
  const failures = entries.flatMap((one) => one.failure ?? []);
  if (failures.length > 0) throw together(failures);
}

function itemOf(source: Exclude<Source, string>, name: string): Item {
  const entry = { kind: "file", name } as const;
  if (source instanceof Uint8Array) {
    return bytesItem(source, { ...entry, size: source.length });
  }
  return readerItem("read" in source ? source : readerOf(source), entry);
}

function checkNames(items: readonly Item[]): void {
  const seen = new Set<string>();
  for (const { entry: { name } } of items) {
    if (seen.has(name)) {
      throw new TransferError(
        "usage",
        `Cannot send two entries under one name: ${JSON.stringify(name)}`,
      );
    }
    seen.add(name);
  }
}

/** Bytes of an entry; NaN, which spoils every sum, where nobody knows. */
function sizeOf({ item: { entry } }: Outgoing): number {
  return entry.kind === "directory" ? 0 : entry.size ?? NaN;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** Says the whole of it: what, where to, what was found, and what would do. */
function explain(
  failure: TransferError,
  entries: readonly Outgoing[],
  target: Target,
): TransferError {
  const undelivered = entries.filter((one) => !one.receipt);
  const open = undelivered.filter((one) => !one.failure);
  const what = undelivered.length === 1
    ? undelivered[0]!.title
    : `${undelivered.length} of ${entries.length} entries`;
  const where = nameOf(target);
  // Later attempts that did not get through settle nothing.
  const unknown = open.length > 0 && open.every((one) => one.unconfirmed) &&
    failure.retriable;
  if (unknown) {
    return new TransferError(
      "unconfirmed",
      `Cannot confirm ${what} at ${where}: everything was sent, then ` +
        `${
          foundOf(open[0]!.unconfirmed!)
        }; run the same command again to settle it`,
      { cause: failure },
    );
  }
  const has = sum(entries.map((one) => one.has));
  const confirmed = isCut(failure)
    ? `; the receiver had confirmed ${has} bytes`
    : "";
  return new TransferError(
    failure.code,
    `Cannot deliver ${what} to ${where}: ${foundOf(failure)}${confirmed}`,
    {
      cause: failure,
      retriable: failure.retriable,
      errors: failure.errors,
    },
  );
}
