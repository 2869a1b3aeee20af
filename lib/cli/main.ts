/**
 * Parse, run, report. Each command loads what it needs when it is asked for:
 * the rest would be most of the time that a small file takes.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { OUTCOMES, TransferError } from "../errors.ts";
import { generateKey } from "../key.ts";
import { HELP } from "./help.ts";
import { type Command, parseCommand } from "./parse.ts";
import { checkPermissions } from "./permissions.ts";
import { allPrinted, printResult } from "./print.ts";
import { Reported, Reporter, reportFatal } from "./report.ts";
import { Interrupted, Signals } from "./signals.ts";
import { progressView } from "./view.ts";

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
    return reportFatal(error, wantsJson(args));
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
      return answer(HELP[command.topic].trimEnd());
    case "version":
      return answer(`halfclose ${config.version}`);
    case "keygen":
      return answer(generateKey());
    case "demo": {
      const { runDemo } = await import("./demo.ts");
      await runDemo();
      return answered();
    }
    default:
      return await runTransfer(command);
  }
}

function answer(text: string): number {
  printResult(text);
  return answered();
}

/** The exit code where what is printed is all that was asked for. */
function answered(): number {
  return allPrinted() ? 0 : OUTCOMES["local-io"].exit;
}

async function runTransfer(
  command: Extract<Command, { command: "send" | "receive" }>,
): Promise<number> {
  const { json, quiet, progress } = command;
  const stdoutTaken = command.command === "send"
    ? command.reply === "-"
    : command.output === "-";
  const report = new Reporter(
    { json, quiet, stdoutTaken },
    await progressView(progress, quiet),
  );
  using signals = new Signals((reason) => {
    report.log(reason.message);
    report.close();
    Deno.exit(reason.exit);
  });
  try {
    await checkPermissions(command);
    if (command.command === "send") {
      const { runSend } = await import("./send.ts");
      await runSend(command, report, signals);
    } else {
      const { runReceive } = await import("./receive.ts");
      await runReceive(command, report, signals);
    }
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      report.log(error.message);
      return error.exit;
    }
    if (error instanceof Reported) return error.exit;
    if (!(error instanceof TransferError)) throw error;
    report.error(error);
    return error.exit;
  } finally {
    report.close();
  }
}
