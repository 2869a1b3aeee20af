/**
 * Checks Deno's permissions before a command begins. Without that, a receiver
 * that may not write would fail only when the first sender connects.
 *
 * @module
 */

import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import { formatTarget, type Target } from "../../net/address.ts";
import type { ReceiveCommand } from "../parse/receive_command.ts";
import type { SendCommand } from "../parse/send_command.ts";

/** One thing to do, and what with. */
type Need = readonly ["read" | "write" | "net", string];

/** What each is called, where it is not allowed. */
const DOING = { read: "read", write: "write", net: "use the network for" };

/**
 * Lists what a command cannot do without.
 *
 * @param command What was asked for.
 * @returns The permissions.
 */
export function needsOf(command: SendCommand | ReceiveCommand): Need[] {
  const files = [command.keyFile, command.tokenFile];
  if (command.command === "send") {
    const { paths, ca, reply, target } = command;
    return [
      ...each("read", [...paths, ...files, ca]),
      ...each("write", [reply]),
      ...reaching(target),
    ];
  }
  const { output, dir, listen, tls } = command;
  const to = output ?? dir;
  return [
    ...each("read", [to, ...files, tls?.cert, tls?.key]),
    ...each("write", [to]),
    ...reaching(listen),
  ];
}

function each(name: "read" | "write", paths: (string | undefined)[]): Need[] {
  return paths.filter((path) => path !== undefined && path !== "-")
    .map((path) => [name, path!]);
}

function reaching(target: Target): Need[] {
  if (target.transport !== "unix") return [["net", formatTarget(target)]];
  return [["read", target.path], ["write", target.path]];
}

/**
 * Checks that a command has the permissions that it needs. Where Deno can still
 * ask a person, a missing one is left to that.
 *
 * @param command What was asked for.
 * @throws {TransferError} `usage`, naming the flag that is missing.
 */
export async function checkPermissions(
  command: SendCommand | ReceiveCommand,
): Promise<void> {
  const asks = Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
  for (const [name, what] of needsOf(command)) {
    const state = await stateOf(name, what);
    if (state === "granted" || (state === "prompt" && asks)) continue;
    throw new TransferError(
      "usage",
      {
        doing: "begin",
        found: `Deno does not let this program ${DOING[name]} ` +
          `${quote(what)}; add --allow-${name} to "deno run"`,
      },
    );
  }
}

async function stateOf(...[name, what]: Need): Promise<Deno.PermissionState> {
  try {
    const { state } = await Deno.permissions.query(
      name === "net" ? { name, host: what } : { name, path: what },
    );
    return state;
  } catch {
    // No host or path can be called that; its first use fails with the reason.
    return "granted";
  }
}
