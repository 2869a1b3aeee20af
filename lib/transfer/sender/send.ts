/**
 * Whole transfers, from sources to receipts, over as many connections as it
 * takes.
 *
 * @module
 */

import { asTransferError, together, TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { retrying, type RetryOptions } from "../../base/retry.ts";
import { mustBeCounts, mustBePositive } from "../../base/validate.ts";
import { checkChosen, faultOf } from "../../model/name.ts";
import type { Phase, Progress } from "../../model/progress.ts";
import type { Receipt } from "../../model/receipt.ts";
import type { Target } from "../../net/address.ts";
import { CONNECT_TIMEOUT_MS } from "../../net/connect.ts";
import { IDLE_TIMEOUT_MS } from "../../net/deadline.ts";
import {
  type SenderGuard,
  senderGuard,
  type SenderSecurity,
} from "../../security/mod.ts";
import { secureConnect } from "../../security/secure_connect.ts";
import { type Item, releasing, type Source } from "../../source/item.ts";
import { itemOf } from "../../source/item_of.ts";
import { type PathOptions, walk } from "../../source/walk.ts";
import { ID_BYTES } from "../../wire/frames.ts";
import { confirmed, explain, totalOf } from "./explain_failure.ts";
import { OutgoingEntry } from "./outgoing_entry.ts";
import { SenderSession } from "./session.ts";

/** Options of {@linkcode send} and {@linkcode sendAll}. */
export interface SendOptions extends PathOptions, RetryOptions, SenderSecurity {
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
 * @param source A file's path, bytes, a reader, a stream or an iterable. A
 * stream or an iterable is let go of when this settles, either way.
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
  // It is taken first, so that it is released whatever else is refused.
  const item = await itemOf(source, options);
  return await releasing([item], async () => {
    checkChosen(options.name);
    checkOwn(item.entry.name);
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
  checkChosen(options.name);
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
  const id = crypto.getRandomValues(new Uint8Array(ID_BYTES));
  const entries = items.map((item, number) => new OutgoingEntry(item, number));
  const left = () =>
    entries.filter((one) => !one.settled || one.failure?.retriable);
  const attempt = new Attempts(id, entries, target, options);
  try {
    await retrying(options, {
      attempt: async () => {
        for (const one of left()) one.restart();
        await attempt.next();
      },
      moved: () => attempt.moved(),
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    const failure = asTransferError(error, "internal", "deliver");
    throw explain(failure, entries, target, attempt.phase);
  }
  attempt.rethrow();
  return entries.map((one) => one.receipt!);
}

/** One connection after the other, and what is known over all of them. */
class Attempts {
  /** What the receiver said last that it was doing. */
  phase: Phase | undefined;
  readonly #id: Uint8Array;
  readonly #entries: readonly OutgoingEntry[];
  readonly #target: Target;
  readonly #options: SendOptions;
  readonly #guard: SenderGuard | undefined;
  readonly #total: number | undefined;
  #most = 0;
  #thrown: { error: unknown } | undefined;

  constructor(
    id: Uint8Array,
    entries: readonly OutgoingEntry[],
    target: Target,
    options: SendOptions,
  ) {
    const { connectTimeout, idleTimeout, limitRate, retry } = options;
    mustBePositive({ connectTimeout, idleTimeout, limitRate });
    mustBeCounts({ retry });
    this.#id = id;
    this.#entries = entries;
    this.#target = target;
    this.#options = options;
    this.#guard = senderGuard(options);
    this.#total = totalOf(entries);
  }

  /** One connection's worth. Throws what is wrong afterwards, if anything. */
  async next(): Promise<void> {
    const { signal, limitRate = Infinity } = this.#options;
    const {
      connectTimeout = CONNECT_TIMEOUT_MS,
      idleTimeout = IDLE_TIMEOUT_MS,
    } = this.#options;
    const entries = this.#entries.filter((one) => !one.settled);
    const before = confirmed(this.#entries);
    const options = { connectTimeout, signal };
    const secured = await secureConnect(this.#target, options, this.#guard);
    this.#tell(() => this.#options.onConnect?.());
    await new SenderSession(secured, this.#id, entries, {
      idleTimeout,
      limitRate,
      signal,
      onReceipt: (receipt) =>
        this.#tell(() => this.#options.onReceipt?.(receipt)),
      onProgress: ({ phase, bytes }) => this.#progress(phase, before + bytes),
    }).run();
    const failures = this.#entries.flatMap((one) => one.failure ?? []);
    if (failures.length > 0) throw together(failures);
  }

  /** Whether the receiver has more than ever since this was asked last. */
  moved(): boolean {
    const has = confirmed(this.#entries);
    const moved = has > this.#most;
    this.#most = Math.max(this.#most, has);
    return moved;
  }

  /** Throws what a callback threw: it must not undo a delivery, nor be lost. */
  rethrow(): void {
    if (this.#thrown) throw this.#thrown.error;
  }

  #progress(phase: Phase, bytes: number): void {
    this.phase = phase;
    const total = this.#total === undefined ? {} : { total: this.#total };
    this.#tell(() => this.#options.onProgress?.({ phase, bytes, ...total }));
  }

  #tell(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#thrown ??= { error };
    }
  }
}

/** Refuses a name that a path has by itself and no receiver takes. */
function checkOwn(name: string): void {
  const fault = faultOf(name);
  if (fault === undefined) return;
  throw new TransferError(
    "source",
    {
      doing: `send ${quote(name)}`,
      found: `its name ${fault}; give it another one`,
    },
  );
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
