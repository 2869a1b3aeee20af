/**
 * Two real processes and a loopback connection between them.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";
import { onAbort } from "../../../base/abort.ts";
import { TransferError } from "../../../base/errors.ts";
import { quote } from "../../../base/escape.ts";
import {
  type Arrival,
  type Belief,
  type Row,
  sumUp,
  TITLES,
  type Way,
} from "./ways.ts";

/**
 * Sends a million bytes in each of the three ways and notes what arrives.
 *
 * On abort: both programs are ended and what they wrote is removed; rejects
 * with the signal's reason.
 *
 * @param runs How often for each way.
 * @param signal Ends it.
 * @returns A row for each way, as it really went.
 * @throws {TransferError} `internal` when one of the programs fails.
 */
export async function experiment(
  runs: number,
  signal?: AbortSignal,
): Promise<Row[]> {
  const dir = await Deno.makeTempDir({ prefix: "halfclose-demo-" });
  try {
    const rows: Row[] = [];
    for (const way of Object.keys(TITLES) as Way[]) {
      rows.push(await tryWay(way, runs, dir, signal));
    }
    return rows;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function tryWay(
  way: Way,
  runs: number,
  dir: string,
  signal?: AbortSignal,
): Promise<Row> {
  const mode = way === "verified" ? ["verified", dir] : ["plain"];
  await using receiver = start("receiver", mode, dir, signal);
  const port = await receiver.next();
  const args = [way, port, String(runs)];
  await using sender = start("sender", args, dir, signal);
  const arrivals: Arrival[] = [];
  const beliefs: Belief[] = [];
  for (let run = 0; run < runs; run++) {
    beliefs.push(JSON.parse(await sender.next()));
    arrivals.push(JSON.parse(await receiver.next()));
  }
  return sumUp(way, arrivals, beliefs);
}

/** Starts a program of this directory; it ends when it is disposed. */
function start(
  name: "receiver" | "sender",
  args: string[],
  dir: string,
  signal: AbortSignal | undefined,
) {
  signal?.throwIfAborted();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-net=127.0.0.1",
      `--allow-read=${dir}`,
      `--allow-write=${dir}`,
      new URL(`${name}.ts`, import.meta.url).href,
      ...args,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // Ctrl-C at a terminal is for this program, which then ends both in order.
    detached: true,
  }).spawn();
  const end = () => {
    try {
      child.kill();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
  };
  const listening = onAbort(signal, end);
  const errors = new Response(child.stderr).text();
  const lines = child.stdout
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream())
    .values();
  return {
    /** The next line that it says. */
    async next(): Promise<string> {
      const { value } = await lines.next();
      if (value !== undefined) return value;
      const [{ code }, said] = await Promise.all([child.status, errors]);
      signal?.throwIfAborted();
      const why = said.trim().split("\n", 1)[0];
      throw new TransferError(
        "internal",
        {
          doing: "finish the demo",
          found: `its ${name} ended with exit code ${code}` +
            (why ? `, saying ${quote(why)}` : ""),
        },
      );
    },
    async [Symbol.asyncDispose](): Promise<void> {
      listening[Symbol.dispose]();
      end();
      await child.stdin.close();
      await lines.return?.();
      await Promise.all([child.status, errors]);
    },
  };
}
