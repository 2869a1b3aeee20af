/**
 * `halfclose receive`.
 *
 * @module
 */

import { TransferError } from "../../base/errors.ts";
import type { Progress } from "../../model/progress.ts";
import type { Target } from "../../net/address.ts";
import { CLOSE_BOUNDS } from "../../net/half_close.ts";
import { serve, type Server } from "../../server/serve.ts";
import type { SessionInfo } from "../../server/sessions.ts";
import type { ReceiveCommand } from "../parse/receive_command.ts";
import { sumOf } from "../report/progress.ts";
import { RejectionLog } from "../report/rejection_log.ts";
import { Reported, type Reporter } from "../report/report.ts";
import { checkExposure, showOneTimeKey } from "./exposure.ts";
import { openSink } from "./open_sink.ts";
import { findSecrets, KEY_VARIABLE, readSecret, readText } from "./secret.ts";
import type { Signals } from "./signals.ts";

/**
 * Receives until it is stopped, or one session.
 *
 * On abort: senders are told. It rejects with the signal's reason where that
 * cut a session, or where `--once` waited for one, and resolves otherwise.
 *
 * @param command What was asked for.
 * @param report Reports what happens.
 * @param signals SIGINT ends it at once, SIGTERM after the sessions.
 * @throws {TransferError} `usage` for what does not go together or cannot be
 * read, `bind` where it cannot listen, `local-io` where it could not write.
 * @throws {Reported} The first session that failed, unless a signal stopped the
 * receiver; with `--once` in any case.
 */
export async function runReceive(
  command: ReceiveCommand,
  report: Reporter,
  signals: Signals,
): Promise<void> {
  const { signal } = signals;
  const options = { ...command, where: command.listen };
  const secrets = await findSecrets(options, report, signals);
  const tls = await certificateOf(command, report);
  if (command.insecure && secrets.key !== undefined) throw contradiction();
  const secured = Object.keys(secrets).length > 0;
  const { oneTimeKey } = checkExposure(command, secured);
  if (oneTimeKey) command = { ...command, once: true };
  const sink = await openSink(command);
  const rejections = new RejectionLog();
  const going = new Map<number, Progress>();
  let sessions = 0;
  let received = false;
  let failure: TransferError | undefined;
  const over = (session: SessionInfo) => {
    sessions--;
    going.delete(session.id);
    report.event({ event: "closed", ...session });
    if (command.once) void server.shutdown(); // finished is awaited below
  };
  const server: Server = serve({
    ...addressOf(command.listen),
    ...secrets,
    ...(oneTimeKey ? { key: oneTimeKey } : {}),
    ...(tls ? { tls } : {}),
    insecure: command.insecure,
    sink,
    raw: command.raw,
    digest: command.json,
    maxSize: command.maxSize,
    maxConnections: command.once ? 1 : command.maxConnections,
    idleTimeout: command.timeout,
    signal,
    onListen: (addr) => {
      report.event({ event: "listening", addr });
      if (oneTimeKey) showOneTimeKey(oneTimeKey, addr, tls?.cert);
    },
    onConnect: (session) => {
      sessions++;
      report.event({ event: "connected", ...session });
    },
    onProgress: (progress, { id }) => {
      going.set(id, progress);
      const { phase } = progress;
      report.event({ event: "progress", phase, ...sumOf(going.values()) });
    },
    onClose: (session, raw) => {
      received = true;
      if (raw) report.event({ event: "raw", report: raw });
      over(session);
    },
    onError: (error, { authenticated, ...session }) => {
      const { peer } = session;
      if (!authenticated) { // it never became a session
        const unlisted = rejections.count(peer);
        if (unlisted === undefined) return;
        report.event({ event: "error", error, peer, unlisted });
        if (unlisted > 0) {
          report.log(`${unlisted} more unauthenticated peers were not listed`);
        }
        return;
      }
      report.event({ event: "error", error, peer });
      failure ??= error;
      over(session);
    },
  }, (receipt) => report.event({ event: "receipt", receipt }));
  signals.terminate = () => {
    if (sessions > 0) report.log("stopping when the sessions have finished");
    void server.shutdown({ grace: command.grace }); // finished is awaited below
    return command.grace + CLOSE_BOUNDS.total;
  };
  const cut = () => sessions > 0;
  let interrupted = false;
  signal.addEventListener("abort", () => interrupted = cut());
  await server.finished;
  if (interrupted) throw signal.reason;
  const stopped = signals.last;
  if (failure && (command.once || !stopped)) throw new Reported(failure);
  // Of a single session a script wants to know whether it has it.
  if (command.once && stopped && !received) throw stopped;
}

async function certificateOf({ tls }: ReceiveCommand, report: Reporter) {
  if (!tls) return undefined;
  const cert = await readText(tls.cert);
  return { cert, key: await readSecret(tls.key, report) };
}

function contradiction(): TransferError {
  return new TransferError(
    "usage",
    {
      doing: "listen with --insecure",
      found: `${KEY_VARIABLE} holds a key, and one of the two must go`,
    },
  );
}

function addressOf(target: Target) {
  return target.transport === "unix"
    ? { path: target.path }
    : { hostname: target.hostname, port: target.port };
}
