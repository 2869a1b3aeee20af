/**
 * What the program says: results on stdout, everything else on stderr.
 *
 * Every string that came from a peer or a disk is escaped here, or was when it
 * became part of a message.
 *
 * @module
 */

import { asTransferError, type TransferError } from "../../base/errors.ts";
import { escapeJson, printable, quote } from "../../base/escape.ts";
import type { Progress } from "../../model/progress.ts";
import type { Receipt } from "../../model/receipt.ts";
import type { RawReport } from "../../raw/report.ts";
import { printNote, printResult } from "./print.ts";
import type { ProgressView } from "./progress.ts";

/** What a reporter needs to know. */
export interface ReportOptions {
  /** One JSON object a line on stdout instead of sentences. */
  json: boolean;
  /** Errors and warnings only. */
  quiet: boolean;
  /** Whether stdout carries data, so that results must go to stderr. */
  stdoutTaken: boolean;
}

/** Most single failures that are spelled out after one that stands for all. */
const MAX_LISTED = 20;

/** Says what happens, in sentences or in JSON lines. */
export class Reporter {
  readonly #options: ReportOptions;
  readonly #view: ProgressView;
  /** The peers of the sessions that are not over, by the session's id. */
  readonly #peers = new Map<number, string>();

  /**
   * Makes a reporter.
   *
   * @param options How to say it.
   * @param view What shows progress meanwhile.
   */
  constructor(options: ReportOptions, view: ProgressView) {
    this.#options = options;
    this.#view = view;
  }

  /** An event for programs; people are not told. */
  event(event: string, fields: Record<string, unknown> = {}): void {
    if (!this.#options.json) return;
    this.#view.clear();
    const passing = event === "progress";
    printResult(escapeJson(JSON.stringify({ event, ...fields })), { passing });
  }

  /** A sentence for people, unless they want quiet. */
  log(text: string): void {
    if (!this.#options.quiet) this.warn(text);
  }

  /** The same about what is not safe: people hear of it whatever they want. */
  warn(text: string): void {
    this.#view.clear();
    printNote(`halfclose: ${text}`);
  }

  /** How far it is. */
  progress(progress: Progress): void {
    this.event("progress", { ...progress });
    this.#view.update(progress);
  }

  /** A delivery, and the proof of it. */
  receipt(verb: "delivered" | "received", receipt: Receipt): void {
    this.event("receipt", { ...receipt });
    const { name, bytes, sha256, durable, existing } = receipt;
    const notes = (existing ? ", there already" : "") +
      (durable ? "" : ", not durable");
    this.#result(
      `${verb} ${quote(name)} ${bytes} bytes sha256:${sha256}${notes}`,
    );
  }

  /** The end of a raw transfer, and how little is known. */
  raw(verb: "sent" | "received", report: RawReport): void {
    this.event("raw", { ...report });
    const digest = report.sha256 ? ` sha256:${report.sha256}` : "";
    this.#result(
      `${verb} ${report.bytes} bytes${digest}, closed cleanly, ` +
        "contents unconfirmed",
    );
  }

  /**
   * A failure. People hear of it even when they want quiet.
   *
   * @param error What failed.
   * @param fields What else programs are told.
   * @param subject Who it was about, in front of the sentence.
   */
  error(
    error: TransferError,
    fields: Record<string, unknown> = {},
    subject = "",
  ): void {
    this.event("error", { ...fieldsOf(error), ...fields });
    this.#view.clear();
    printNote(`halfclose: ${subject}${error.message}`);
    const listed = error.errors.slice(0, MAX_LISTED);
    for (const one of listed) printNote(`halfclose:   ${one.message}`);
    const more = error.errors.length - listed.length;
    if (more > 0) printNote(`halfclose:   and ${more} more`);
  }

  /** A session begins. */
  connected({ id, peer }: { id: number; peer: string }): void {
    this.#peers.set(id, peer);
    this.event("connected", { peer });
  }

  /** The session with an id is over, however it ended. */
  closed(id: number): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    this.#peers.delete(id);
    this.event("closed", { peer });
  }

  /** Shows no progress any more; the sessions that are left are over. */
  close(): void {
    for (const id of [...this.#peers.keys()]) this.closed(id);
    this.#view.stop();
  }

  #result(text: string): void {
    const { json, quiet, stdoutTaken } = this.#options;
    if (json || quiet) return;
    this.#view.clear();
    if (stdoutTaken) printNote(`halfclose: ${text}`);
    else printResult(text);
  }
}

/** What programs are told of an error. */
function fieldsOf({ code, message, retriable }: TransferError) {
  return { code, message, retriable };
}

/**
 * Reports what a command threw, where no reporter is there to do it.
 *
 * @param error Anything.
 * @param json Whether a program listens, and is to have an event.
 * @returns The exit code for it.
 */
export function reportFatal(error: unknown, json = false): number {
  const failure = asTransferError(error, "internal", "go on");
  if (json) {
    printResult(JSON.stringify({ event: "error", ...fieldsOf(failure) }));
  }
  printNote(`halfclose: ${failure.message}`);
  // A bug: whoever reports it needs the place.
  if (failure.code === "internal" && failure.cause instanceof Error) {
    const lines = failure.cause.stack?.split("\n") ?? [];
    printNote(lines.map(printable).join("\n"));
  }
  return failure.exit;
}

/** A failure that was reported when it happened; only its exit code is left. */
export class Reported extends Error {
  /** The exit code. */
  readonly exit: number;

  /**
   * Wraps a failure.
   *
   * @param failure What was reported.
   */
  constructor(failure: TransferError) {
    super(failure.message, { cause: failure });
    this.exit = failure.exit;
  }
}
