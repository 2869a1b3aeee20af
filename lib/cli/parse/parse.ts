/**
 * From arguments to a command: pure, and strict about what it does not know.
 *
 * @module
 */

import { quote } from "../../base/escape.ts";
import { type Inquiry, inquiryOf } from "./common_options.ts";
import { read, wrong } from "./options.ts";
import { parseReceive, type ReceiveCommand } from "./receive_command.ts";
import { parseSend, type SendCommand } from "./send_command.ts";

/** Everything that can be asked of the program. */
export type Command =
  | SendCommand
  | ReceiveCommand
  | { command: "demo" }
  | { command: "keygen" }
  | Inquiry;

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

function parseBare(
  command: "demo" | "keygen",
  args: readonly string[],
): Command {
  const found = read(command, args, ["help", "version"], []);
  const inquiry = inquiryOf(found, command);
  if (inquiry) return inquiry;
  if (found._.length > 0) throw wrong(`${command} takes no arguments`, command);
  return { command };
}
