/**
 * What the program reports, and how programs read it: one JSON object a line.
 *
 * @module
 */

import { escapeJson } from "../../base/escape.ts";
import type { TransferEvent } from "../../model/events.ts";
import type { Target } from "../../net/address.ts";
import type { RawReport } from "../../raw/report.ts";

/** Which session an event is about. */
export interface EventSession {
  /** Unique in the life of the program. */
  id: number;
  /** The other end's address, as people type it. */
  peer: string;
}

/** An event of the library. */
type Of<Name extends TransferEvent["event"]> = Extract<
  TransferEvent,
  { event: Name }
>;

/** Everything that is reported. */
export type ReportEvent =
  | { event: "listening"; addr: Target }
  | Of<"connected"> & EventSession
  | Of<"progress">
  | Of<"skipped">
  | Of<"receipt">
  /** `of` is how many retries there are at most. */
  | Of<"retry"> & { of: number }
  /** The end of a raw transfer. */
  | { event: "raw"; report: RawReport }
  /**
   * `peer` is missing where the command failed as a whole. `unlisted` counts
   * the failed connections before this one that were not reported.
   */
  | Of<"error"> & { peer?: string; unlisted?: number }
  | Of<"closed"> & EventSession;

/**
 * Writes an event for programs.
 *
 * @param event What happened.
 * @returns One line of JSON, without its end.
 */
export function jsonLineOf(event: ReportEvent): string {
  const fields = { event: event.event, ...fieldsOf(event) };
  return escapeJson(JSON.stringify(fields));
}

/** The fields of an event, in the order in which they are printed. */
function fieldsOf(event: ReportEvent): object {
  switch (event.event) {
    case "listening": {
      const { addr } = event;
      return addr.transport === "unix"
        ? { path: addr.path }
        : { address: addr.hostname, port: addr.port };
    }
    case "connected":
    case "closed":
      return { peer: event.peer };
    case "progress":
      return event;
    case "skipped":
      return { path: event.path, reason: event.reason };
    case "receipt":
      return event.receipt;
    case "retry": {
      const { attempt, wait, error: { code, message } } = event;
      return { attempt, wait, code, message };
    }
    case "raw":
      return event.report;
    case "error": {
      const { error: { code, message, retriable }, peer, unlisted } = event;
      // JSON leaves out what is undefined.
      return { code, message, retriable, peer, untold: unlisted };
    }
  }
}
