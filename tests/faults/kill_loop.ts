/**
 * Kills the receiver again and again while one `send --retry` goes on.
 *
 * ```sh
 * deno run -A tests/faults/kill_loop.ts 200 1000   # kills, megabytes
 * ```
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";
import { halfclose } from "../support/children.ts";
import { tempDir, tree } from "../support/helpers.ts";
import { digestOf, fill } from "./large.ts";
import { receiver } from "./receiver.ts";
import { seeded } from "./seed.ts";

/** What became of the transfer. */
export interface KillReport {
  /** How often the receiver was killed while the transfer went on. */
  kills: number;
  /** How often the sender connected again. */
  retries: number;
  /** The sender's exit code. */
  code: number;
  /** Whether the file that arrived is the one that was sent. */
  identical: boolean;
  /** What is in the destination. */
  left: string[];
  /** How long it took. */
  seconds: number;
}

/** How to kill. */
export interface KillOptions {
  /** How many times. */
  kills: number;
  /** Size of the file in megabytes. */
  megabytes: number;
  /** Longest life of a receiver once the sender is there, in milliseconds. */
  life?: number;
}

/**
 * Sends one file to a receiver that is killed at random moments and started
 * again at once.
 *
 * @param options How often, and how large the file is.
 */
export async function killLoop(options: KillOptions): Promise<KillReport> {
  const { kills: wanted, megabytes, life = 600 } = options;
  const random = seeded("kills");
  await using dir = await tempDir();
  await using source = await tempDir();
  const path = `${source.path}/file`;
  const sha256 = await fill(path, megabytes);
  const begun = performance.now();

  // So slow that no kill comes after the end.
  const rate = Math.ceil(megabytes * 1e6 / (wanted * life / 1000));
  let to = await receiver(dir.path);
  const { port } = to.addr;
  await using sender = halfclose([
    ...["send", "--json", "--retry", "100000", "--limit-rate", `${rate}`],
    ...[path, `127.0.0.1:${port}`],
  ]);
  const ended = sender.code();
  let over = false;
  void ended.then(() => over = true);
  let kills = 0;
  try {
    while (kills < wanted && !over) {
      const there = to.process.stdout.until(/"event":"connected"/);
      await Promise.race([there, ended]);
      await Promise.race([delay(random(life)), ended]);
      if (over) break;
      to.process.kill("SIGKILL");
      kills++;
      await to[Symbol.asyncDispose]();
      to = await receiver(dir.path, { port });
    }
    const code = await ended;
    const said = await sender.stdout.text();
    return {
      kills,
      retries: said.split('"event":"retry"').length - 1,
      code,
      identical: code === 0 && await digestOf(`${dir.path}/file`) === sha256,
      left: await tree(dir.path),
      seconds: Math.round((performance.now() - begun) / 1000),
    };
  } finally {
    await to[Symbol.asyncDispose]();
  }
}

if (import.meta.main) {
  const [kills = 200, megabytes = 1000] = Deno.args.map(Number);
  const report = await killLoop({ kills, megabytes });
  // deno-lint-ignore no-console -- a program that talks to a person
  console.log(JSON.stringify(report));
  const well = report.code === 0 && report.identical && report.kills === kills;
  Deno.exitCode = well ? 0 : 1;
}
