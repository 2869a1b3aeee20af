/**
 * What the program says: results on stdout, everything else on stderr.
 *
 * Every string that came from a peer or a disk is escaped here, or was when it
 * became part of a message.
 *
 * @module
 */

import { asTransferError, type TransferError } from "../../base/errors.ts";
import { printable, quote } from "../../base/escape.ts";
import type { Receipt } from "../../model/receipt.ts";
import { formatTarget } from "../../net/address.ts";
import type { RawReport } from "../../raw/report.ts";
import { jsonLineOf, type ReportEvent } from "./events.ts";
import { printNote, printResult } from "./print.ts";
import type { ProgressView } from "./progress.ts";

/** What a reporter needs to know. */
export interface ReportOptions {
  /** Which way the bytes go. */
  direction: "send" | "receive";
  /** One JSON object a line on stdout instead of sentences. */
  json: boolean;
  /** Errors and warnings only. */
  quiet: boolean;
  /** Whether stdout carries data, so that results must go to stderr. */
  stdoutTaken: boolean;
}

/** The verbs of results. */
const VERBS = {
  send: { receipt: "delivered", raw: "sent" },
  receive: { receipt: "received", raw: "received" },
};

/** Most single failures that are spelled out after one that stands for all. */
const MAX_LISTED = 20;

/** Says what happens, in sentences or in JSON lines. */
export class Reporter {
  readonly #options: ReportOptions;
  readonly #view: ProgressView;
  /** The peers of the sessions that are connected and not closed, by id. */
  readonly #sessions = new Map<number, string>();

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

  /**
   * Reports an event, to programs or to people. A session that was connected
   * several times is closed once.
   *
   * @param event What happened.
   */
  event(event: ReportEvent): void {
    if (event.event === "connected") this.#sessions.set(event.id, event.peer);
    if (event.event === "closed" && !this.#sessions.delete(event.id)) return;
    if (this.#options.json) {
      this.#view.clear();
      printResult(jsonLineOf(event), { passing: event.event === "progress" });
    }
    this.#tellPeople(event);
  }

  /** A sentence for people, unless they want quiet. */
  log(text: string): void {
    if (!this.#options.quiet) this.warn(text);
  }

  /** A warning: people are told of it although they want quiet. */
  warn(text: string): void {
    this.#view.clear();
    printNote(`halfclose: ${text}`);
  }

  /** Shows no progress any more, and closes the sessions that are left. */
  close(): void {
    for (const [id, peer] of [...this.#sessions]) {
      this.event({ event: "closed", id, peer });
    }
    this.#view.stop();
  }

  #tellPeople(event: ReportEvent): void {
    const verbs = VERBS[this.#options.direction];
    switch (event.event) {
      case "listening":
        return this.log(`listening on ${formatTarget(event.addr)}`);
      case "progress":
        return this.#view.update(event);
      case "skipped":
        return this.log(`left out ${quote(event.path)}: ${event.reason}`);
      case "receipt":
        return this.#result(`${verbs.receipt} ${wordsOf(event.receipt)}`);
      case "raw":
        return this.#result(`${verbs.raw} ${rawWordsOf(event.report)}`);
      case "retry": {
        const { attempt, of, wait, error } = event;
        const seconds = (wait / 1000).toFixed(1);
        return this.log(
          `${error.message}; trying again in ${seconds} s ` +
            `(${attempt} of ${of})`,
        );
      }
      case "error":
        return this.#failure(event.error, event.peer);
    }
  }

  #failure({ message, errors }: TransferError, peer?: string): void {
    this.warn(peer === undefined ? message : `${peer}: ${message}`);
    const listed = errors.slice(0, MAX_LISTED);
    for (const one of listed) printNote(`halfclose:   ${one.message}`);
    const more = errors.length - listed.length;
    if (more > 0) printNote(`halfclose:   and ${more} more`);
  }

  #result(text: string): void {
    const { json, quiet, stdoutTaken } = this.#options;
    if (json || quiet) return;
    this.#view.clear();
    if (stdoutTaken) printNote(`halfclose: ${text}`);
    else printResult(text);
  }
}

/** A delivery, and the proof of it. */
function wordsOf(
  { name, bytes, sha256, durable, existing }: Receipt,
): string {
  const notes = (existing ? ", there already" : "") +
    (durable ? "" : ", not durable");
  return `${quote(name)} ${bytes} bytes sha256:${sha256}${notes}`;
}

/** The end of a raw transfer, and how little is known. */
function rawWordsOf({ bytes, sha256 }: RawReport): string {
  const digest = sha256 ? ` sha256:${sha256}` : "";
  return `${bytes} bytes${digest}, closed cleanly, contents unconfirmed`;
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
  if (json) printResult(jsonLineOf({ event: "error", error: failure }));
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
