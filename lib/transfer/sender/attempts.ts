/**
 * One connection after the other until everything is delivered, and what is
 * known over all of them.
 *
 * @module
 */

import type { CallbackGuard } from "../../base/callbacks.ts";
import { together } from "../../base/errors.ts";
import type { Retry } from "../../base/further_attempt.ts";
import { retrying, type RetryOptions } from "../../base/retry.ts";
import { mustBeCounts, mustBePositive } from "../../base/validate.ts";
import {
  notify,
  type TransferCallbacks,
  type TransferEvent,
} from "../../model/events.ts";
import type { Phase, Progress } from "../../model/progress.ts";
import type { Target } from "../../net/address.ts";
import { CONNECT_TIMEOUT_MS } from "../../net/connect.ts";
import { IDLE_TIMEOUT_MS } from "../../net/deadline.ts";
import {
  type SenderGuard,
  senderGuard,
  type SenderSecurity,
} from "../../security/mod.ts";
import { secureConnect } from "../../security/secure_connect.ts";
import { ID_BYTES } from "../../wire/frames.ts";
import { type LastHeard, totalOf } from "./explain_failure.ts";
import type { OutgoingEntry } from "./outgoing_entry.ts";
import { SenderSession } from "./session.ts";

/** Bounds and callbacks of all attempts together. */
export interface AttemptsOptions
  extends Omit<RetryOptions, "onRetry">, SenderSecurity, TransferCallbacks {
  /** Longest time to connect, in milliseconds. @default {10_000} */
  connectTimeout?: number;
  /** Longest silence from the receiver in milliseconds. @default {30_000} */
  idleTimeout?: number;
  /** Bytes a second at most. @default {Infinity} */
  limitRate?: number;
}

/** Delivers entries over as many connections as it takes. */
export class Attempts implements LastHeard {
  /** What the receiver said last that it was doing. */
  phase: Phase | undefined;
  /** How many bytes the receiver is known to have. */
  confirmed = 0;
  readonly #id = crypto.getRandomValues(new Uint8Array(ID_BYTES));
  readonly #entries: readonly OutgoingEntry[];
  readonly #target: Target;
  readonly #options: AttemptsOptions;
  readonly #callbacks: CallbackGuard;
  readonly #security: SenderGuard | undefined;
  readonly #total: number | undefined;
  /** The most that was ever confirmed, in bytes. */
  #most = 0;

  /**
   * Checks the options; nothing is connected yet.
   *
   * @param entries What is to be delivered.
   * @param target Where the receiver listens.
   * @param options Bounds and callbacks.
   * @param callbacks Keeps what the callbacks throw.
   * @throws {TransferError} `usage` for options that cannot be used.
   */
  constructor(
    entries: readonly OutgoingEntry[],
    target: Target,
    options: AttemptsOptions,
    callbacks: CallbackGuard,
  ) {
    const { connectTimeout, idleTimeout, limitRate, retry } = options;
    mustBePositive({ connectTimeout, idleTimeout, limitRate });
    mustBeCounts({ retry });
    this.#entries = entries;
    this.#target = target;
    this.#options = options;
    this.#callbacks = callbacks;
    this.#security = senderGuard(options);
    this.#total = totalOf(entries);
  }

  /**
   * Connects and delivers until every entry has its receipt or no retry is left.
   *
   * On abort: the receiver is told, and this rejects within about a second.
   *
   * @throws {TransferError} What the last attempt failed with: its connection,
   * or its entries.
   */
  async run(): Promise<void> {
    const onRetry = (retry: Retry) =>
      this.#notify({ event: "retry", ...retry });
    await retrying({ ...this.#options, onRetry }, {
      attempt: () => this.#next(),
      moved: () => this.#moved(),
    });
  }

  /** Delivers over one connection what is left. */
  async #next(): Promise<void> {
    for (const one of this.#entries) one.retry();
    const entries = this.#entries.filter((one) => !one.settled);
    const before = this.confirmed = receipted(this.#entries);
    const { signal, limitRate = Infinity } = this.#options;
    const {
      connectTimeout = CONNECT_TIMEOUT_MS,
      idleTimeout = IDLE_TIMEOUT_MS,
    } = this.#options;
    const secured = await secureConnect(
      this.#target,
      { connectTimeout, signal },
      this.#security,
    );
    this.#notify({ event: "connected" });
    await new SenderSession(secured, this.#id, entries, {
      idleTimeout,
      limitRate,
      signal,
      onReceipt: (receipt) => this.#notify({ event: "receipt", receipt }),
      onProgress: ({ phase, bytes }) => this.#progress(phase, before + bytes),
    }).run();
    const failures = this.#entries.flatMap((one) => one.failure ?? []);
    if (failures.length > 0) throw together(failures);
  }

  /** Whether the receiver has more than ever since this was called last. */
  #moved(): boolean {
    const moved = this.confirmed > this.#most;
    this.#most = Math.max(this.#most, this.confirmed);
    return moved;
  }

  #progress(phase: Phase, bytes: number): void {
    this.phase = phase;
    this.confirmed = bytes;
    const progress: Progress = { phase, bytes };
    if (this.#total !== undefined) progress.total = this.#total;
    this.#notify({ event: "progress", ...progress });
  }

  #notify(event: TransferEvent): void {
    notify(event, this.#options, this.#callbacks);
  }
}

/** Bytes of all entries that have a receipt. */
function receipted(entries: readonly OutgoingEntry[]): number {
  return entries.reduce((sum, one) => sum + (one.receipt?.bytes ?? 0), 0);
}
