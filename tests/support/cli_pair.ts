/**
 * What the tests of the program share: a receiver that runs, and something to
 * send.
 *
 * @module
 */

import { halfclose, type Running } from "./children.ts";
import { noise, tempDir } from "./helpers.ts";

/** What is sent. */
export const BYTES = noise(100_000);

/** A receiver that listens, and a directory with something to send. */
export interface Pair extends AsyncDisposable {
  from: string;
  to: string;
  address: string;
  receiver: Running;
}

/** Starts a receiver with these arguments. */
export async function pair(...args: string[]): Promise<Pair> {
  const dir = await tempDir();
  const [from, to] = [`${dir.path}/from`, `${dir.path}/to`];
  await Deno.mkdir(from);
  await Deno.mkdir(to);
  await Deno.writeFile(`${from}/a.bin`, BYTES);
  const where = args.includes("-o") ? [] : ["-d", to];
  // How many lines of progress there are depends on the machine.
  const lines = args.includes("--json") || args.includes("--progress")
    ? []
    : ["--progress", "none"];
  const receiver = halfclose(
    ["receive", ...where, ...lines, ...args, "127.0.0.1:0"],
  );
  const output = args.includes("--json") ? receiver.stdout : receiver.stderr;
  const [, port] = await output.until(/(?:"port":|127\.0\.0\.1:)(\d+)/);
  return {
    from,
    to,
    address: `127.0.0.1:${port}`,
    receiver,
    async [Symbol.asyncDispose]() {
      await receiver[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** What a program said with `--json`, line by line. */
export function events(stdout: string): Record<string, unknown>[] {
  return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}
