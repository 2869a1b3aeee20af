/**
 * The command line of `halfclose receive`.
 *
 * @module
 */

import type { Target } from "../../net/address.ts";
import type { ConflictPolicy } from "../../sink/conflict.ts";
import { parseListen } from "./address.ts";
import {
  checkSecrets,
  COMMON_FLAGS,
  COMMON_VALUES,
  commonOf,
  type Inquiry,
  inquiryOf,
  type TransferCommand,
} from "./common_options.ts";
import { oneOf, read, wrong } from "./options.ts";
import { parseBytes, parseCount, parseSeconds } from "./units.ts";

/** `halfclose receive`. */
export interface ReceiveCommand extends TransferCommand {
  command: "receive";
  listen: Target;
  dir: string;
  output: string | undefined;
  once: boolean;
  onConflict: ConflictPolicy;
  maxSize: number;
  maxConnections: number;
  /** Files with a certificate for this receiver's name, and its key. */
  tls: { cert: string; key: string } | undefined;
  /** Whether others may send without a key. */
  insecure: boolean;
  /** How long sessions may take to finish after SIGTERM, in milliseconds. */
  grace: number;
}

const FLAGS = [...COMMON_FLAGS, "once", "insecure"] as const;
const VALUES = [
  ...COMMON_VALUES,
  "dir",
  "output",
  "on-conflict",
  "max-size",
  "max-connections",
  "grace",
  "tls-cert",
  "tls-key",
] as const;

/**
 * Reads what came after `receive`.
 *
 * @param args The arguments.
 * @returns The command.
 * @throws {TransferError} `usage`, saying what was found and what is accepted.
 */
export function parseReceive(
  args: readonly string[],
): ReceiveCommand | Inquiry {
  const found = read("receive", args, FLAGS, VALUES);
  const inquiry = inquiryOf(found, "receive");
  if (inquiry) return inquiry;
  const [address, ...more] = found._;
  if (address === undefined || more.length > 0) {
    throw wrong("receive needs one [HOST:]PORT", "receive");
  }
  const { dir, output, raw } = found;
  if (dir !== undefined && output !== undefined) {
    throw wrong("--dir and --output exclude each other", "receive");
  }
  if (raw && output === undefined) throw wrong("--raw needs -o", "receive");
  if (output === "-" && found.json) {
    throw wrong("-o - and --json both want stdout", "receive");
  }
  const cert = found["tls-cert"], key = found["tls-key"];
  if ((cert === undefined) !== (key === undefined)) {
    throw wrong("--tls-cert and --tls-key go together", "receive");
  }
  checkSecrets("receive", found, cert && "--tls-cert");
  if (found.insecure && (found["key-file"] !== undefined || cert)) {
    throw wrong("--insecure takes away what a key would give", "receive");
  }
  return {
    command: "receive",
    ...commonOf(found),
    listen: parseListen(address),
    dir: dir ?? ".",
    output,
    once: found.once || output !== undefined,
    onConflict: oneOf(
      found["on-conflict"] ?? "refuse",
      ["refuse", "replace", "rename"],
      "--on-conflict",
    ),
    maxSize: found["max-size"] === undefined
      ? Infinity
      : parseBytes(found["max-size"], "--max-size"),
    maxConnections: parseCount(
      found["max-connections"] ?? "4096",
      "--max-connections",
      1,
    ),
    tls: cert === undefined ? undefined : { cert, key: key! },
    insecure: found.insecure,
    grace: parseSeconds(found.grace ?? "30", "--grace"),
  };
}
