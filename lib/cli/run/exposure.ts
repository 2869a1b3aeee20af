/**
 * Safe by default: a receiver that other machines can reach needs a key, unless
 * the command line says otherwise.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import { TransferError } from "../../base/errors.ts";
import { formatTarget, type Target } from "../../net/address.ts";
import { isExposed } from "../../net/listen.ts";
import { generateKey } from "../../security/key.ts";
import type { ReceiveCommand } from "../parse/receive_command.ts";
import { printNote } from "../report/print.ts";
import { KEY_VARIABLE } from "./secret.ts";

/** What was decided about a receiver that is given no key. */
export interface Exposure {
  /** Made for one session, and shown to the person at the terminal. */
  oneTimeKey?: string;
}

/**
 * Decides whether a receiver may listen where it is to listen.
 *
 * @param command What was asked for.
 * @param secured Whether there is a key, or a certificate with a token.
 * @returns A key for one session, where a person at a terminal can read it.
 * @throws {TransferError} `usage` for an address that other machines can reach,
 * with neither a key nor `--insecure`.
 */
export function checkExposure(
  command: ReceiveCommand,
  secured: boolean,
): Exposure {
  const { listen, insecure, raw, json, quiet } = command;
  if (!isExposed(listen, { secured, insecure })) return {};
  const where = formatTarget(listen);
  if (raw) {
    throw new TransferError(
      "usage",
      {
        doing: `listen on ${where}`,
        found: "whoever reaches it could write here, and a raw stream has " +
          "no key; listen on 127.0.0.1 behind a tunnel, or type out " +
          "--insecure",
      },
    );
  }
  const person = Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
  if (person && !json && !quiet) return { oneTimeKey: generateKey() };
  throw new TransferError(
    "usage",
    {
      doing: `listen on ${where} without a key`,
      found: "whoever reaches it could write here; give --key-file PATH " +
        `("halfclose keygen > PATH" makes one) or ${KEY_VARIABLE}, ` +
        "the same on both sides, or type out --insecure",
    },
  );
}

/**
 * Tells the person what to type on the other machine.
 *
 * @param key Made for this session. It ends with it, so that a shell's history
 * may keep it.
 * @param addr Where the receiver listens.
 * @param cert The certificate that it shows, in PEM, if it has one.
 */
export function showOneTimeKey(
  key: string,
  addr: Target,
  cert: string | undefined,
): void {
  const where = formatTarget(named(reachable(addr), cert));
  printNote(
    "halfclose: no key was given, so this one was made; it is good for one " +
      "session. On the other machine:\n\n" +
      `  ${KEY_VARIABLE}=${key} \\\n` +
      `    deno run -P cli.ts send ${cert ? "--tls " : ""}FILE ${where}\n` +
      (cert ? UNKNOWN_AUTHORITY : ""),
  );
}

const UNKNOWN_AUTHORITY =
  "\nUnless a public authority has signed the certificate, --ca PATH must " +
  "name the one\nthat has.\n";

/** The same under the name that a certificate is for, if it is for one. */
function named(addr: Target, cert: string | undefined): Target {
  if (cert === undefined || addr.transport === "unix") return addr;
  const names = new X509Certificate(cert).subjectAltName ?? "";
  const hostname = /DNS:([^*,\s]+)(?=,|$)/.exec(names)?.[1] ?? addr.hostname;
  return { hostname, port: addr.port };
}

/** The address under which others reach one that means "all of them". */
function reachable(addr: Target): Target {
  if (addr.transport === "unix") return addr;
  if (addr.hostname !== "0.0.0.0" && addr.hostname !== "::") return addr;
  const { state } = Deno.permissions.querySync({
    name: "sys",
    kind: "networkInterfaces",
  });
  const found = state === "granted"
    ? Deno.networkInterfaces().find(({ family, address }) =>
      family === "IPv4" && !address.startsWith("127.")
    )
    : undefined;
  return { hostname: found?.address ?? "THIS-MACHINE", port: addr.port };
}
