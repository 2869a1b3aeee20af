/**
 * Whole transfers, from sources to receipts, over as many connections as it
 * takes.
 *
 * @module
 */

import { CallbackGuard } from "../../base/callbacks.ts";
import { asTransferError, TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import type { RetryOptions } from "../../base/retry.ts";
import { checkName } from "../../model/name.ts";
import type { Progress } from "../../model/progress.ts";
import type { Receipt } from "../../model/receipt.ts";
import type { Target } from "../../net/address.ts";
import type { SenderSecurity } from "../../security/mod.ts";
import { type Item, releasing, type Source } from "../../source/item.ts";
import { itemOf } from "../../source/item_of.ts";
import { type PathOptions, walk } from "../../source/walk.ts";
import { Attempts } from "./attempts.ts";
import { explain } from "./explain_failure.ts";
import { OutgoingEntry } from "./outgoing_entry.ts";

/**
 * Options of {@linkcode send} and {@linkcode sendAll}.
 *
 * No callback can undo or stop a transfer. What one throws or rejects with is
 * thrown when everything is delivered and closed, as `internal`, with the error
 * as its cause. A promise that one returns is awaited first, until `signal` is
 * aborted: what has not settled then is left to itself.
 */
export interface SendOptions extends PathOptions, RetryOptions, SenderSecurity {
  /** Longest time to connect, in milliseconds. @default {10_000} */
  connectTimeout?: number;
  /** Longest silence from the receiver in milliseconds. @default {30_000} */
  idleTimeout?: number;
  /** Bytes a second at most. @default {Infinity} */
  limitRate?: number;
  /**
   * Stops the transfer: the receiver is told, and the promise rejects with the
   * signal's reason within about a second. Once everything is delivered, an
   * abort ends only the wait for callbacks, and the promise resolves.
   */
  signal?: AbortSignal;
  /** Called for each connection that is established. */
  onConnect?: () => unknown;
  /**
   * Called with what the receiver has, several times a second; not while the
   * promise of its last call is pending.
   */
  onProgress?: (progress: Progress) => unknown;
  /** Called with each receipt as it is read. */
  onReceipt?: (receipt: Receipt) => unknown;
}

/**
 * Sends one source and waits for the proof of its delivery.
 *
 * On abort: `options.signal` ends the transfer as described there. Bytes that
 * were already read from a stream or a reader are not given back to it.
 *
 * @param source A file's path, bytes, a reader, a stream or an iterable. A
 * stream or an iterable is released when this settles, either way.
 * @param target Where the receiver listens, in `Deno.connect`'s words.
 * @param options The name at the receiver (by default the file's own, or
 * `stdin`), bounds and callbacks.
 * @returns The receipt: the receiver has the identical bytes under that name.
 * @throws {TransferError} Why it was not delivered; `unconfirmed` where it may
 * have been and no receipt came.
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
  // Before the checks, so that the source is released whichever of them fails.
  const item = await itemOf(source, options);
  return await releasing([item], async () => {
    checkName(options.name, "caller");
    checkName(item.entry.name, "path");
    const [receipt] = await deliver([item], target, options);
    return receipt!;
  });
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
 * entries failed the others are delivered all the same, `onReceipt` was called
 * for each of those, and `errors` holds the failure of each other one.
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
  checkName(options.name, "caller");
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
 * @param items What to send; no two may have the same name. They are released
 * when this settles, either way.
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
  return await releasing(items, () => deliver(items, target, options));
}

async function deliver(
  items: readonly Item[],
  target: Target,
  options: SendOptions,
): Promise<Receipt[]> {
  // Without an entry there is no receipt, and nothing else is success.
  if (items.length === 0) {
    throw new TransferError("source", {
      doing: "send",
      found: "nothing is left to send",
    });
  }
  checkNames(items);
  const entries = items.map((item, number) => new OutgoingEntry(item, number));
  const callbacks = new CallbackGuard();
  const attempts = new Attempts(entries, target, options, callbacks);
  try {
    await attempts.run();
  } catch (error) {
    options.signal?.throwIfAborted();
    const failure = asTransferError(error, "internal", "deliver");
    throw explain(failure, entries, target, attempts);
  } finally {
    await callbacks.settled(options.signal);
  }
  callbacks.rethrow();
  return entries.map((one) => one.receipt!);
}

function checkNames(items: readonly Item[]): void {
  const seen = new Set<string>();
  for (const { entry: { name } } of items) {
    if (seen.has(name)) {
      throw new TransferError(
        "usage",
        { doing: "send two entries under one name", found: quote(name) },
      );
    }
    seen.add(name);
  }
}
