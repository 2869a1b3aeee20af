/**
 * The real receiver as a process of its own, watched or hurt by strace.
 *
 * @module
 */

import { send } from "../../lib/transfer/sender/send.ts";
import { halfclose, ROOT, Running } from "../support/children.ts";
import { type Command, under } from "../support/commands.ts";
import { tempDir } from "../support/helpers.ts";

/** A receiver that listens. */
export interface Receiver extends AsyncDisposable {
  /** Where it listens. */
  readonly addr: { hostname: string; port: number };
  /** The process itself, under strace too. */
  readonly process: Running;
}

/** How to start a receiver. */
export interface ReceiverOptions {
  /** Further arguments of `receive`. */
  args?: readonly string[];
  /** What strace does with it, with `-f` and so that signals reach it. */
  strace?: readonly string[];
  /** The address to listen on. @default {"127.0.0.1"} */
  hostname?: string;
  /** The port, where it has to be the one of before. */
  port?: number;
  /** The command that runs it, in front of everything. */
  inside?: Command;
}

let warm: Promise<void> | undefined;

/**
 * Has the runtime fill its caches, which it syncs too: what strace counts is
 * the program's own from then on.
 */
function warmUp(): Promise<void> {
  return warm ??= (async () => {
    await using dir = await tempDir();
    await using once = await receiver(dir.path);
    await send(new Uint8Array(1), once.addr, { name: "warm" });
    once.process.kill("SIGTERM");
    await once.process.code();
  })();
}

/** Starts a receiver into a directory and waits until it listens. */
export async function receiver(
  dir: string,
  options: ReceiverOptions = {},
): Promise<Receiver> {
  const { args = [], strace, inside } = options;
  const { hostname = "127.0.0.1", port = 0 } = options;
  if (strace) await warmUp();
  const receive = [
    "receive",
    "--json",
    "-d",
    dir,
    // A cable between two namespaces of this machine, and nobody else on it.
    ...(hostname.startsWith("127.") ? [] : ["--insecure"]),
    ...args,
    `${hostname}:${port}`,
  ];
  let whole: Command = ["deno", "run", "-P", "cli.ts", ...receive];
  // -D: the process that was started is the receiver, strace watches from
  // beside it.
  if (strace) whole = under(["strace", "-D", "-f", "-qq", ...strace], whole);
  if (inside) whole = under(inside, whole);
  const [program, ...rest] = whole;
  const process = program === "deno"
    ? halfclose(receive)
    : new Running(program, rest, { cwd: ROOT });
  const [, found] = await process.stdout.until(/"port":(\d+)/);
  return {
    addr: { hostname, port: Number(found) },
    process,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
