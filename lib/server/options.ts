/**
 * What a server can be told, and what it tells.
 *
 * @module
 */

import type { TransferError } from "../base/errors.ts";
import type { Progress } from "../model/progress.ts";
import type { Receipt } from "../model/receipt.ts";
import type { Target } from "../net/address.ts";
import type { ListenOptions } from "../net/listen.ts";
import type { RawReport } from "../raw/report.ts";
import type { Sink } from "../sink/sink.ts";
import type { ReceiveOptions } from "../transfer/receiver/session_options.ts";
import type { SessionInfo } from "./sessions.ts";

/**
 * Hears of an entry that was committed, and who sent it. A promise is awaited
 * before the session ends.
 */
export type Handler = (receipt: Receipt, info: SessionInfo) => unknown;

/**
 * Options of {@linkcode serve}.
 *
 * A callback may be asynchronous. What one throws or rejects with stops nothing:
 * `onConnect` and `onProgress` fail their session at its end, which `onError`
 * hears of; `onClose` and `onError` fail the server at its end.
 */
export interface ServeOptions
  extends ListenOptions, Omit<ReceiveOptions, "onReceipt" | "onProgress"> {
  /** Where the entries land. */
  sink: Sink;
  /** Takes plain streams until their end, as `nc -N` sends them. */
  raw?: boolean;
  /** Whether raw streams are digested. @default {false} */
  digest?: boolean;
  /**
   * Sessions at a time; more are refused as busy.
   * @default {4096}
   */
  maxConnections?: number;
  /** Hears where the server listens. If it throws, so does `serve`. */
  onListen?: (addr: Target) => void;
  /** Hears of each session that begins. */
  onConnect?: (info: SessionInfo) => unknown;
  /** Hears how far each session is. */
  onProgress?: (progress: Progress, info: SessionInfo) => unknown;
  /** Hears of each session that ended well. */
  onClose?: (info: SessionInfo, report?: RawReport) => unknown;
  /**
   * Hears of each session that failed, with `authenticated: true`, and of each
   * connection that failed before it was admitted as a session, with `false`.
   * A peer is authenticated by its proof of the key or the token; where the
   * server has neither, by a HELLO of this protocol; and with `raw` by being
   * connected.
   */
  onError?: (
    error: TransferError,
    info: SessionInfo & { authenticated: boolean },
  ) => unknown;
}

/** Options of a server's `shutdown()`. */
export interface ShutdownOptions {
  /**
   * Longest time for sessions to finish, in milliseconds; with 0 they are cut
   * at once. @default {Infinity}
   */
  grace?: number;
}
