/**
 * From arguments to a command: pure, and strict about what it does not know.
 *
 * @module
 */

import { quote } from "../../base/escape.ts";
import type { Target } from "../../net/address.ts";
import type { ConflictPolicy } from "../../sink/conflict.ts";
import { parseListen, parseTarget } from "./address.ts";
import { checkName } from "./check_name.ts";
import type { Topic } from "./help.ts";
import { oneOf, read, useless, wrong } from "./options.ts";
import { parseBytes, parseCount, parseSeconds } from "./units.ts";

/** How progress is shown. */
export type ProgressStyle = "auto" | "bar" | "plain" | "none";

/** What both transfer commands know. */
interface Common {
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

/** `halfclose send`. */
export interface SendCommand extends Common {
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

/** `halfclose receive`. */
export interface ReceiveCommand extends Common {
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

/** Everything that can be asked of the program. */
export type Command =
  | SendCommand
  | ReceiveCommand
  | { command: "demo" }
  | { command: "keygen" }
  | { command: "help"; topic: Topic }
  | { command: "version" };

const FLAGS = ["raw", "json", "quiet", "help", "version"] as const;
const SEND_FLAGS = [...FLAGS, "preserve", "skip-unsendable", "tls"] as const;
const SEND_VALUES = [
  "name",
  "reply",
  "retry",
  "timeout",
  "connect-timeout",
  "limit-rate",
  "progress",
  "key-file",
  "token-file",
  "ca",
] as const;
const OF_ENTRIES = ["name", "preserve", "skip-unsendable"] as const;
const RECEIVE_FLAGS = [...FLAGS, "once", "insecure"] as const;
const RECEIVE_VALUES = [
  "dir",
  "output",
  "on-conflict",
  "max-size",
  "max-connections",
  "grace",
  "timeout",
  "progress",
  "key-file",
  "token-file",
  "tls-cert",
  "tls-key",
] as const;

/**
 * Reads the command line.
 *
 * @param args What came after the program's name.
 * @returns What is asked.
 * @throws {TransferError} `usage`, saying what was found and what is accepted.
 */
export function parseCommand(args: readonly string[]): Command {
  const [first, ...rest] = args;
  switch (first) {
    case "send":
      return parseSend(rest);
    case "receive":
      return parseReceive(rest);
    case "demo":
    case "keygen":
      return parseBare(first, rest);
    case "-V":
    case "--version":
      return { command: "version" };
    case "-h":
    case "--help":
      return { command: "help", topic: "main" };
    case undefined:
      throw wrong("a command is missing: send, receive, keygen or demo");
    default:
      throw wrong(`there is no command ${quote(first)}`);
  }
}

function parseSend(args: readonly string[]): Command {
  const found = read("send", args, SEND_FLAGS, SEND_VALUES);
  if (found.help) return { command: "help", topic: "send" };
  if (found.version) return { command: "version" };
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
  if (name !== undefined) checkName(name);
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
    ...common(found),
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

function parseReceive(args: readonly string[]): Command {
  const found = read("receive", args, RECEIVE_FLAGS, RECEIVE_VALUES);
  if (found.help) return { command: "help", topic: "receive" };
  if (found.version) return { command: "version" };
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
    ...common(found),
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

function parseBare(
  command: "demo" | "keygen",
  args: readonly string[],
): Command {
  const found = read(command, args, ["help", "version"], []);
  if (found.help) return { command: "help", topic: command };
  if (found.version) return { command: "version" };
  if (found._.length > 0) throw wrong(`${command} takes no arguments`, command);
  return { command };
}

function common(
  found: {
    raw: boolean;
    json: boolean;
    quiet: boolean;
    timeout?: string;
    progress?: string;
    "key-file"?: string;
    "token-file"?: string;
  },
): Common {
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

/** Checks what goes together of the options about secrets. */
function checkSecrets(
  command: Topic,
  found: { raw: boolean; "key-file"?: string; "token-file"?: string },
  tls: string | undefined,
): void {
  const key = found["key-file"], token = found["token-file"];
  if (found.raw && (tls || (key ?? token) !== undefined)) {
    throw wrong("--raw is plain TCP, without a key and without TLS", command);
  }
  if (key !== undefined && token !== undefined) {
    throw wrong("--key-file and --token-file exclude each other", command);
  }
  if (token !== undefined && !tls) {
    const needs = command === "send" ? "--tls" : "--tls-cert and --tls-key";
    throw wrong(`--token-file needs ${needs}`, command);
  }
}
