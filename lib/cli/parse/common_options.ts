/**
 * Options that both transfer commands have.
 *
 * @module
 */

import { conflictOf } from "../../security/secret_rules.ts";
import type { Topic } from "./help.ts";
import { oneOf, wrong } from "./options.ts";
import { parseSeconds } from "./units.ts";

/** How progress is shown. */
export type ProgressStyle = "auto" | "bar" | "plain" | "none";

/** What both transfer commands are given. */
export interface TransferCommand {
  raw: boolean;
  /** Longest silence in milliseconds. */
  timeout: number;
  json: boolean;
  quiet: boolean;
  progress: ProgressStyle;
  /** A file with a key; `-` asks for it. */
  keyFile: string | undefined;
  tokenFile: string | undefined;
}

/** A question about the program instead of work for it. */
export type Inquiry = { command: "help"; topic: Topic } | {
  command: "version";
};

/** Options without a value. */
export const COMMON_FLAGS = [
  "raw",
  "json",
  "quiet",
  "help",
  "version",
] as const;

/** Options with a value. */
export const COMMON_VALUES = [
  "timeout",
  "progress",
  "key-file",
  "token-file",
] as const;

/**
 * Reads `--help` and `--version`, which overrule everything else.
 *
 * @param found The options, by name.
 * @param topic Which help is meant.
 * @returns What was asked, if anything.
 */
export function inquiryOf(
  found: { help: boolean; version: boolean },
  topic: Topic,
): Inquiry | undefined {
  if (found.help) return { command: "help", topic };
  if (found.version) return { command: "version" };
}

/**
 * Reads the values of the options that both commands have.
 *
 * @param found The options, by name.
 * @returns The values, with their defaults.
 * @throws {TransferError} `usage` for a value that cannot be read.
 */
export function commonOf(
  found: {
    raw: boolean;
    json: boolean;
    quiet: boolean;
    timeout?: string;
    progress?: string;
    "key-file"?: string;
    "token-file"?: string;
  },
): TransferCommand {
  return {
    raw: found.raw,
    timeout: parseSeconds(found.timeout ?? "30", "--timeout"),
    json: found.json,
    quiet: found.quiet,
    progress: oneOf(
      found.progress ?? "auto",
      ["auto", "bar", "plain", "none"],
      "--progress",
    ),
    keyFile: found["key-file"],
    tokenFile: found["token-file"],
  };
}

/**
 * Refuses options about secrets that exclude or need each other.
 *
 * @param command Whose options they are.
 * @param found The options, by name.
 * @param tls The option that asks for TLS, if it was given.
 * @throws {TransferError} `usage`, naming them.
 */
export function checkSecrets(
  command: "send" | "receive",
  found: { raw: boolean; "key-file"?: string; "token-file"?: string },
  tls: string | undefined,
): void {
  const conflict = conflictOf({
    key: found["key-file"] !== undefined,
    token: found["token-file"] !== undefined,
    tls: tls !== undefined,
    raw: found.raw,
  });
  // TLS alone will do here: a variable may hold the key.
  if (!conflict || conflict === "tls-without-secret") return;
  throw wrong(CONFLICTS[conflict](TLS_OPTIONS[command]), command);
}

/** What asks for TLS. */
const TLS_OPTIONS = { send: "--tls", receive: "--tls-cert and --tls-key" };

/** The command line's words for what does not go together. */
const CONFLICTS = {
  "raw-and-secured": () => "--raw is plain TCP, without a key and without TLS",
  "key-and-token": () => "--key-file and --token-file exclude each other",
  "token-without-tls": (tls: string) => `--token-file needs ${tls}`,
};
