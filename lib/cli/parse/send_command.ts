/**
 * The command line of `halfclose send`.
 *
 * @module
 */

import { quote } from "../../base/escape.ts";
import { checkName } from "../../model/name.ts";
import type { Target } from "../../net/address.ts";
import { parseTarget } from "./address.ts";
import {
  checkSecrets,
  COMMON_FLAGS,
  COMMON_VALUES,
  commonOf,
  type Inquiry,
  inquiryOf,
  type TransferCommand,
} from "./common_options.ts";
import { read, useless, wrong } from "./options.ts";
import { parseBytes, parseCount, parseSeconds } from "./units.ts";

/** `halfclose send`. */
export interface SendCommand extends TransferCommand {
  command: "send";
  /** `["-"]` stands for stdin. */
  paths: string[];
  target: Target;
  name: string | undefined;
  reply: string | undefined;
  retry: number;
  /** Milliseconds. */
  connectTimeout: number;
  /** Bytes a second. */
  limitRate: number;
  preserve: boolean;
  skipUnsendable: boolean;
  /** Whether the receiver has a certificate for its name. */
  tls: boolean;
  /** A file with the authorities to trust. */
  ca: string | undefined;
}

const FLAGS = [...COMMON_FLAGS, "preserve", "skip-unsendable", "tls"] as const;
const VALUES = [
  ...COMMON_VALUES,
  "name",
  "reply",
  "retry",
  "connect-timeout",
  "limit-rate",
  "ca",
] as const;

/** Options about entries, which a raw stream is not. */
const OF_ENTRIES = ["name", "preserve", "skip-unsendable"] as const;

/**
 * Reads what came after `send`.
 *
 * @param args The arguments.
 * @returns The command.
 * @throws {TransferError} `usage`, saying what was found and what is accepted.
 */
export function parseSend(args: readonly string[]): SendCommand | Inquiry {
  const found = read("send", args, FLAGS, VALUES);
  const inquiry = inquiryOf(found, "send");
  if (inquiry) return inquiry;
  const paths = found._.slice(0, -1);
  const address = found._.at(-1);
  if (address === undefined || paths.length === 0) {
    throw wrong("send needs PATH... and HOST:PORT", "send");
  }
  const { name, reply, raw } = found;
  if (paths.includes("-") && paths.length > 1) {
    throw wrong('stdin ("-") goes alone', "send");
  }
  if (name !== undefined && paths.length > 1) {
    throw wrong("--name is for a single path", "send");
  }
  if (name !== undefined) {
    checkName(name, "caller", `use --name ${quote(name)}`);
  }
  if (reply !== undefined && !raw) throw wrong("--reply needs --raw", "send");
  if (reply === "-" && found.json) {
    throw wrong("--reply - and --json both want stdout", "send");
  }
  if (raw && paths.length > 1) {
    throw wrong("--raw sends a single stream", "send");
  }
  if (raw) useless(found, OF_ENTRIES, "--raw sends nothing but bytes", "send");
  checkSecrets("send", found, found.tls ? "--tls" : undefined);
  if (found.ca !== undefined && !found.tls) {
    throw wrong("--ca needs --tls", "send");
  }
  if (found["key-file"] === "-" && paths.includes("-")) {
    throw wrong("stdin holds the bytes, so not the key as well", "send");
  }
  return {
    command: "send",
    ...commonOf(found),
    paths,
    target: parseTarget(address),
    name,
    reply,
    retry: parseCount(found.retry ?? "3", "--retry", 0),
    connectTimeout: parseSeconds(
      found["connect-timeout"] ?? "10",
      "--connect-timeout",
    ),
    limitRate: found["limit-rate"] === undefined
      ? Infinity
      : parseBytes(found["limit-rate"], "--limit-rate"),
    preserve: found.preserve,
    skipUnsendable: found["skip-unsendable"],
    tls: found.tls,
    ca: found.ca,
  };
}
