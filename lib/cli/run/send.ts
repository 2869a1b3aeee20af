/**
 * `halfclose send`.
 *
 * @module
 */

import type { Retry } from "../../base/further_attempt.ts";
import type { Progress } from "../../model/progress.ts";
import { formatTarget } from "../../net/address.ts";
import { sendRaw, type SendRawOptions } from "../../raw/send_raw.ts";
import type { SenderSecurity } from "../../security/mod.ts";
import type { Item } from "../../source/item.ts";
import { itemOf } from "../../source/item_of.ts";
import { walk } from "../../source/walk.ts";
import { transfer } from "../../transfer/sender/send.ts";
import { checkNamed } from "../parse/check_name.ts";
import type { SendCommand } from "../parse/send_command.ts";
import type { Reporter } from "../report/report.ts";
import { Reply } from "./reply.ts";
import { findSecrets, readText } from "./secret.ts";
import type { Signals } from "./signals.ts";

/**
 * Sends what was asked for.
 *
 * On abort: the receiver is told, and this rejects within about a second.
 *
 * @param command What was asked for.
 * @param report Reports what happens.
 * @param signals A signal ends it.
 * @throws {TransferError} `usage` for a key or certificate that cannot be used,
 * and everything that {@linkcode transfer} or {@linkcode sendRaw} throws.
 */
export async function runSend(
  command: SendCommand,
  report: Reporter,
  signals: Signals,
): Promise<void> {
  const { signal } = signals;
  const security = await securityOf(command, report, signals);
  const session = { id: 1, peer: formatTarget(command.target) };
  const callbacks = {
    // All connections are one session: `closed` comes once, at its end.
    onConnect: () => report.event({ event: "connected", ...session }),
    onProgress: (progress: Progress) =>
      report.event({ event: "progress", ...progress }),
    onRetry: (retry: Retry) =>
      report.event({ event: "retry", ...retry, of: command.retry }),
  };
  if (command.raw) {
    await runRaw(command, report, { ...callbacks, signal });
  } else {
    const items = await itemsOf(command, report);
    await transfer(items, command.target, {
      connectTimeout: command.connectTimeout,
      idleTimeout: command.timeout,
      retry: command.retry,
      ...security,
      limitRate: command.limitRate,
      signal,
      ...callbacks,
      onReceipt: (receipt) => report.event({ event: "receipt", receipt }),
    });
  }
}

async function securityOf(
  command: SendCommand,
  report: Reporter,
  signals: Signals,
): Promise<SenderSecurity> {
  const options = { ...command, where: command.target };
  const secrets = await findSecrets(options, report, signals);
  if (!command.tls) return secrets;
  const ca = command.ca === undefined ? [] : [await readText(command.ca)];
  return { ...secrets, tls: { ca } };
}

async function itemsOf(
  command: SendCommand,
  report: Reporter,
): Promise<Item[]> {
  const { name } = command;
  if (command.paths[0] === "-") {
    const { retry } = command;
    return [await itemOf(Deno.stdin, { name: name ?? "stdin", retry })];
  }
  const items: Item[] = [];
  for (const path of command.paths) {
    if (name === undefined) checkNamed(path);
    const found = walk(path, {
      ...(name === undefined ? {} : { name }),
      preserve: command.preserve,
      skipUnsendable: command.skipUnsendable,
      onSkip: (path, reason) =>
        report.event({ event: "skipped", path, reason }),
    });
    for await (const item of found) items.push(item);
  }
  return items;
}

async function runRaw(
  command: SendCommand,
  report: Reporter,
  options: Pick<
    SendRawOptions,
    "onConnect" | "onProgress" | "onRetry" | "signal"
  >,
): Promise<void> {
  const path = command.paths[0]!;
  const { reply } = command;
  using answer = reply === undefined
    ? undefined
    : await Reply.open(reply, path, command.timeout);
  // Nothing is sent whose answer could not be kept.
  const noPlace = new AbortController();
  const sent = await sendRaw(path === "-" ? Deno.stdin : path, command.target, {
    connectTimeout: command.connectTimeout,
    idleTimeout: command.timeout,
    limitRate: command.limitRate,
    retry: command.retry,
    digest: command.json,
    ...options,
    signal: AbortSignal.any([
      noPlace.signal,
      ...(options.signal ? [options.signal] : []),
    ]),
    onConnect() {
      options.onConnect?.();
      try {
        answer?.begin();
      } catch (error) {
        noPlace.abort(error);
      }
    },
    onReply: (piece) => answer?.write(piece),
  });
  report.event({ event: "raw", report: sent });
}
