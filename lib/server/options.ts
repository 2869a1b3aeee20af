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
 * Called with the receipt of an entry that was committed, and with the session
 * that it came in. A promise is awaited before that session ends, unless the
 * session is cut.
 */
export type Handler = (receipt: Receipt, info: SessionInfo) => unknown;

/**
 * Options of {@linkcode serve}.
 *
 * A callback may be asynchronous. If it throws or rejects, nothing stops. After
 * the handler, `onConnect` or `onProgress` the session fails at its end, and
 * `onError` is called; after `onClose` or `onError` the server's `finished`
 * rejects.
 *
 * The promises of callbacks are awaited until `signal` is aborted or the `grace`
 * of `shutdown()` is over: what has not settled then is left to itself, and
 * keeps neither its session nor the server.
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
  /**
   * Called with the address that the server listens on. If it throws, so does
   * `serve`.
   */
  onListen?: (addr: Target) => void;
  /** Called for each session that begins. */
  onConnect?: (info: SessionInfo) => unknown;
  /**
   * Called several times a second with the progress of each session; not while
   * the promise of its last call for that session is pending.
   */
  onProgress?: (progress: Progress, info: SessionInfo) => unknown;
  /** Called for each session that ended well, with a raw stream's report. */
  onClose?: (info: SessionInfo, report?: RawReport) => unknown;
  /**
   * Called for each session that failed, with `authenticated: true`, and for
   * each connection that failed before it was admitted, with `false`.
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
   * Longest time for sessions and the promises of callbacks, in milliseconds:
   * then sessions are cut, and what has not settled is left to itself. With 0
   * that is at once. @default {Infinity}
   */
  grace?: number;
}
