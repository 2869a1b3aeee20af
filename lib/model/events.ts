/**
 * What can happen in a transfer, and how its callbacks are told.
 *
 * The names are those of the program's JSON lines.
 *
 * @module
 */

import type { CallbackGuard } from "../base/callbacks.ts";
import type { TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";
import type { Retry } from "../base/further_attempt.ts";
import type { Progress } from "./progress.ts";
import type { Receipt } from "./receipt.ts";

/** Something that happened in a transfer. */
export type TransferEvent =
  | { readonly event: "connected" }
  | { readonly event: "progress" } & Progress
  | { readonly event: "retry" } & Retry
  | { readonly event: "receipt"; readonly receipt: Receipt }
  | {
    readonly event: "skipped";
    readonly path: string;
    readonly reason: string;
  }
  | { readonly event: "error"; readonly error: TransferError }
  | { readonly event: "closed" };

/** Callbacks for the events, each of which may be absent or asynchronous. */
export interface TransferCallbacks {
  /** Called for each connection that is established. */
  onConnect?: (() => unknown) | undefined;
  /** Called several times a second. */
  onProgress?: ((progress: Progress) => unknown) | undefined;
  /** Called before the wait for another attempt. */
  onRetry?: ((retry: Retry) => unknown) | undefined;
  /** Called for each receipt. */
  onReceipt?: ((receipt: Receipt) => unknown) | undefined;
  /** Called for each path that is left out. */
  onSkip?: ((path: string, reason: string) => unknown) | undefined;
  /** Called when a session failed. */
  onError?: ((error: TransferError) => unknown) | undefined;
  /** Called when a session ended well. */
  onClose?: (() => unknown) | undefined;
}

/**
 * Calls the callback for an event; that for progress is not called while the
 * promise that it returned last is pending.
 *
 * @param event What happened.
 * @param callbacks Whom to tell.
 * @param guard Keeps what the callback throws or rejects with.
 */
export function notify(
  event: TransferEvent,
  callbacks: TransferCallbacks,
  guard: CallbackGuard,
): void {
  const doing = `tell of ${subjectOf(event)}`;
  const tell = () => call(event, callbacks);
  if (event.event === "progress") guard.report(doing, tell);
  else guard.call(doing, tell);
}

function call(event: TransferEvent, callbacks: TransferCallbacks): unknown {
  switch (event.event) {
    case "connected":
      return callbacks.onConnect?.();
    case "progress": {
      const { event: _, ...progress } = event;
      return callbacks.onProgress?.(progress);
    }
    case "retry": {
      const { event: _, ...retry } = event;
      return callbacks.onRetry?.(retry);
    }
    case "receipt":
      return callbacks.onReceipt?.(event.receipt);
    case "skipped":
      return callbacks.onSkip?.(event.path, event.reason);
    case "error":
      return callbacks.onError?.(event.error);
    case "closed":
      return callbacks.onClose?.();
  }
}

/** What an event is about, in a sentence. */
function subjectOf(event: TransferEvent): string {
  switch (event.event) {
    case "connected":
      return "the connection";
    case "progress":
      return "the progress";
    case "retry":
      return "the next attempt";
    case "receipt":
      return quote(event.receipt.name);
    case "skipped":
      return quote(event.path);
    case "error":
      return "the failure";
    case "closed":
      return "the end of the session";
  }
}
