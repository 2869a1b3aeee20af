/**
 * Where keys, tokens and certificates come from: files, one variable, or a
 * person at a terminal. Never the command line, which every user of a machine
 * can read.
 *
 * @module
 */

import { asTransferError, TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { isLocal, type Target } from "../../net/address.ts";
import { parseKey } from "../../security/key.ts";
import type { Reporter } from "../report/report.ts";
import { askHidden } from "./prompt.ts";
import type { Signals } from "./signals.ts";

/** The variable that holds a key where no file is named. */
export const KEY_VARIABLE = "HALFCLOSE_KEY";

/** More than any key, token or certificate chain has. */
const MAX_BYTES = 1_000_000;

/** Where to find what. */
export interface SecretOptions {
  /** A file with a key; `-` for a prompt, or stdin where there is none. */
  keyFile: string | undefined;
  /** A file with a token. */
  tokenFile: string | undefined;
  /** Whether plain TCP was asked for, which uses neither. */
  raw: boolean;
  /** Where the bytes go or come from. */
  where: Target;
}

/** What was found. */
export interface Secrets {
  /** The key's 32 bytes. */
  key?: Uint8Array;
  /** The token's text, as it was read. */
  token?: string;
}

/**
 * Finds the key or the token, and parses a key.
 *
 * @param options Where.
 * @param report Warns of what is not safe.
 * @param signals End the wait for a person.
 * @returns At most one of them.
 * @throws {TransferError} `usage` when what is there cannot be used.
 */
export async function findSecrets(
  { keyFile, tokenFile, raw, where }: SecretOptions,
  report: Reporter,
  signals: Signals,
): Promise<Secrets> {
  if (raw) {
    mustHoldNoKey();
    return {};
  }
  if (tokenFile !== undefined) {
    return { token: await readSecret(tokenFile, report) };
  }
  if (keyFile === undefined) {
    return keyFrom(KEY_VARIABLE, fromVariable(where, report));
  }
  if (keyFile === "-") return keyFrom("stdin", await askForKey(signals));
  return keyFrom(quote(keyFile), await readSecret(keyFile, report));
}

/** Parses a key, and says where a wrong one is from. */
function keyFrom(where: string, text: string | undefined): Secrets {
  if (text === undefined) return {};
  try {
    return { key: parseKey(text) };
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    const what = { doing: `read the key from ${where}`, found: error.found };
    throw new TransferError(error.code, what, { cause: error });
  }
}

/**
 * Reads a text that is no secret, for example a certificate.
 *
 * @param path Where it is.
 * @returns The text.
 * @throws {TransferError} `usage` when it cannot be read.
 */
export async function readText(path: string): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes`);
    return await Deno.readTextFile(path);
  } catch (error) {
    throw asTransferError(error, "usage", `read ${quote(path)}`);
  }
}

/**
 * Reads a text that is a secret, and says so where others could do that too, as
 * ssh does with its keys.
 *
 * @param path Where it is.
 * @param report Warns where other users may read it.
 * @returns The text.
 * @throws {TransferError} `usage` when it cannot be read.
 */
export async function readSecret(
  path: string,
  report: Reporter,
): Promise<string> {
  const text = await readText(path);
  const { isFile, mode } = await Deno.stat(path);
  if (isFile && mode !== null && (mode & OTHERS) > 0) {
    const shown = (mode & 0o777).toString(8);
    report.log(
      `others than its owner may use ${quote(path)} (its mode is ${shown}); ` +
        "chmod 600 ends that",
    );
  }
  return text;
}

/** The permission bits of a file's group and of all others. */
const OTHERS = 0o077;

/** Refuses `--raw` where the variable holds a key, which it would not use. */
function mustHoldNoKey(): void {
  const name = "env", variable = KEY_VARIABLE;
  const { state } = Deno.permissions.querySync({ name, variable });
  if (state !== "granted" || !Deno.env.get(KEY_VARIABLE)) return;
  throw new TransferError(
    "usage",
    {
      doing: "go on with --raw",
      found: `${KEY_VARIABLE} holds a key, and --raw is plain TCP, ` +
        "without a key and without TLS; one of the two must go",
    },
  );
}

function fromVariable(where: Target, report: Reporter): string | undefined {
  try {
    return Deno.env.get(KEY_VARIABLE);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    const note = `going on without looking at ${KEY_VARIABLE}, and without a ` +
      `key if it holds one: --allow-env=${KEY_VARIABLE} was not given`;
    // The variable may be set or not. A user who believes that its key is used
    // must be told that it is not.
    if (isLocal(where)) report.log(note);
    else report.warn(note);
  }
}

/** Asks a person without showing the answer, or reads stdin. */
async function askForKey(signals: Signals): Promise<string> {
  if (Deno.stdin.isTerminal()) {
    if (!Deno.stdout.isTerminal()) {
      throw new TransferError(
        "usage",
        {
          doing: "ask for the key",
          found: 'stdout is not a terminal; "--key-file PATH" or ' +
            `${KEY_VARIABLE} would do`,
        },
      );
    }
    return await askHidden("Key (it will not be shown):", signals.signal);
  }
  const bytes = new Uint8Array(1_024);
  let filled = 0;
  while (filled < bytes.length) {
    const count = await Deno.stdin.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return new TextDecoder().decode(bytes.subarray(0, filled));
}
