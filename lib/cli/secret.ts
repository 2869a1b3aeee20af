/**
 * Where keys, tokens and certificates come from: files, one variable, or a
 * person at a terminal. Never the command line, which every user of a machine
 * can read.
 *
 * @module
 */

import { promptSecret } from "@std/cli/prompt-secret";
import { asTransferError, TransferError } from "../errors.ts";
import { parseKey } from "../key.ts";
import { quote } from "../quote.ts";
import type { Reporter } from "./report.ts";
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
}

/** What was found. */
export interface Secrets {
  key?: string;
  token?: string;
}

/**
 * Finds the key or the token, and holds a key against its checksum.
 *
 * @param options Where.
 * @param report Hears what a person should know about it.
 * @param signals Stands aside while a person is asked.
 * @returns At most one of them.
 * @throws {TransferError} `usage` when what is there cannot be used.
 */
export async function findSecrets(
  { keyFile, tokenFile }: SecretOptions,
  report: Reporter,
  signals: Signals,
): Promise<Secrets> {
  if (tokenFile !== undefined) {
    return { token: await readSecret(tokenFile, report) };
  }
  const key = keyFile === "-"
    ? await askForKey(signals)
    : keyFile !== undefined
    ? await readSecret(keyFile, report)
    : fromVariable(report);
  if (key === undefined) return {};
  parseKey(key);
  return { key };
}

/**
 * Reads a text that is no secret, a certificate say.
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

async function readSecret(path: string, report: Reporter): Promise<string> {
  const text = await readText(path);
  const { mode } = await Deno.stat(path);
  if (mode !== null && (mode & 0o004) > 0) {
    report.log(
      `every user of this machine can read ${quote(path)}; chmod 600 ends that`,
    );
  }
  return text;
}

function fromVariable(report: Reporter): string | undefined {
  try {
    return Deno.env.get(KEY_VARIABLE);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    report.log(
      `going on without looking at ${KEY_VARIABLE}: ` +
        `--allow-env=${KEY_VARIABLE} was not given`,
    );
  }
}

/** Asks a person without showing the answer, or reads stdin. */
async function askForKey(signals: Signals): Promise<string> {
  if (Deno.stdin.isTerminal()) {
    if (!Deno.stdout.isTerminal()) {
      throw new TransferError(
        "usage",
        'Cannot ask for the key: stdout is not a terminal; "--key-file PATH" ' +
          `or ${KEY_VARIABLE} would do`,
      );
    }
    // The prompt turns the echo off once it has asked; that would show what is
    // pasted too fast.
    Deno.stdin.setRaw(true, { cbreak: true });
    const question = "Key (it will not be shown):";
    return signals.aside(() => promptSecret(question, { mask: "" })) ?? "";
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
