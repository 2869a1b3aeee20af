/**
 * Parse, run, report. Each command loads what it needs when it is asked for:
 * the rest would be most of the time that a small file takes.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { OUTCOMES, TransferError } from "../base/errors.ts";
import { generateKey } from "../security/key.ts";
import { HELP } from "./parse/help.ts";
import { type Command, parseCommand } from "./parse/parse.ts";
import type { ReceiveCommand } from "./parse/receive_command.ts";
import type { SendCommand } from "./parse/send_command.ts";
import { allPrinted, hurry, printResult, rush } from "./report/print.ts";
import { progressView } from "./report/progress_view.ts";
import { Reported, Reporter, reportFatal } from "./report/report.ts";
import { checkPermissions } from "./run/permissions.ts";
import { Interrupted, Signals } from "./run/signals.ts";

/**
 * Runs the program.
 *
 * @param args What came after its name.
 * @returns The exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(parseCommand(args));
  } catch (error) {
    const exit = reportFatal(error, wantsJson(args));
    await allPrinted();
    return exit;
  }
}

/** Whether JSON was asked for, however little else of it can be read. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).includes("--json");
}

async function run(command: Command): Promise<number> {
  switch (command.command) {
    case "help":
      return await answer(HELP[command.topic].trimEnd());
    case "version":
      return await answer(`halfclose ${config.version}`);
    case "keygen":
      return await answer(generateKey());
    case "demo":
      return await demonstrate();
    default:
      return await runTransfer(command);
  }
}

async function answer(text: string): Promise<number> {
  printResult(text);
  return answered(await allPrinted());
}

/** The exit code where what is printed is all that was asked for. */
function answered(printed: boolean): number {
  return printed ? 0 : OUTCOMES["local-io"].exit;
}

async function demonstrate(): Promise<number> {
  const report = new Reporter({
    direction: "send",
    json: false,
    quiet: false,
    stdoutTaken: false,
  }, await progressView("none", false));
  const { checkAllowed, runDemo } = await import("./run/demo.ts");
  // Before signals are handled: afterwards Ctrl-C would not end Deno's prompt.
  await checkAllowed();
  const { exit, printed } = await reporting(report, async ({ signal }) => {
    await runDemo(signal);
  });
  return exit || answered(printed);
}

async function runTransfer(
  command: SendCommand | ReceiveCommand,
): Promise<number> {
  const { json, quiet, progress } = command;
  const stdoutTaken = command.command === "send"
    ? command.reply === "-"
    : command.output === "-";
  const report = new Reporter(
    { direction: command.command, json, quiet, stdoutTaken },
    await progressView(progress, quiet),
  );
  const { exit } = await reporting(report, async (signals) => {
    await checkPermissions(command);
    if (command.command === "send") {
      const { runSend } = await import("./run/send.ts");
      await runSend(command, report, signals);
    } else {
      const { runReceive } = await import("./run/receive.ts");
      await runReceive(command, report, signals);
    }
  });
  return exit;
}

/** Does a piece of work that signals can end, and says how that went. */
async function reporting(
  report: Reporter,
  work: (signals: Signals) => Promise<void>,
): Promise<{ exit: number; printed: boolean }> {
  const left = Promise.withResolvers<never>();
  using signals = new Signals(left.reject);
  signals.signal.addEventListener("abort", rush);
  const exit = await exitOf(
    Promise.race([work(signals), left.promise]),
    report,
  );
  const before = signals.last;
  signals.terminate = undefined; // all has finished
  if (before) hurry();
  const printed = await allPrinted();
  return { exit: signals.last === before ? exit : signals.last!.exit, printed };
}

/** Reports how it ended; the exit code for it. */
async function exitOf(work: Promise<void>, report: Reporter): Promise<number> {
  try {
    await work;
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      report.log(error.message);
      return error.exit;
    }
    if (error instanceof Reported) return error.exit;
    if (!(error instanceof TransferError)) throw error;
    report.event({ event: "error", error });
    return error.exit;
  } finally {
    report.close();
  }
}
