/**
 * Two real processes and a loopback connection between them.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";
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
 * @param runs How often for each way.
 * @returns A row for each way, as it really went.
 */
export async function experiment(runs: number): Promise<Row[]> {
  const dir = await Deno.makeTempDir({ prefix: "halfclose-demo-" });
  try {
    const rows: Row[] = [];
    for (const way of Object.keys(TITLES) as Way[]) {
      rows.push(await tryWay(way, runs, dir));
    }
    return rows;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function tryWay(way: Way, runs: number, dir: string): Promise<Row> {
  const mode = way === "verified" ? ["verified", dir] : ["plain"];
  await using receiver = start("receiver.ts", mode, dir);
  const { value: port } = await receiver.lines.next();
  await using sender = start("sender.ts", [way, port!, String(runs)], dir);
  const arrivals: Arrival[] = [];
  const beliefs: Belief[] = [];
  for (let run = 0; run < runs; run++) {
    beliefs.push(JSON.parse((await sender.lines.next()).value!));
    arrivals.push(JSON.parse((await receiver.lines.next()).value!));
  }
  return sumUp(way, arrivals, beliefs);
}

/** Starts a program of this directory; its stdin ends when it is disposed. */
function start(script: string, args: string[], dir: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-net=127.0.0.1",
      `--allow-read=${dir}`,
      `--allow-write=${dir}`,
      new URL(script, import.meta.url).href,
      ...args,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream())
    .values();
  return {
    lines,
    async [Symbol.asyncDispose](): Promise<void> {
      await child.stdin.close();
      await lines.return?.();
      await child.status;
    },
  };
}
