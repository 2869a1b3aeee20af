/**
 * Kills the receiver again and again while one `send --retry` goes on.
 *
 * ```sh
 * deno run -A tests/faults/kill_loop.ts 200 1000   # kills, megabytes
 * ```
 *
 * @module
 */

import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { halfclose, scratch } from "../fixtures.ts";
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
  await using dir = await scratch();
  await using source = await scratch();
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
      left: (await Array.fromAsync(Deno.readDir(dir.path)))
        .map(({ name }) => name).sort(),
      seconds: Math.round((performance.now() - begun) / 1000),
    };
  } finally {
    await to[Symbol.asyncDispose]();
  }
}

/** Writes random megabytes; their SHA-256. */
async function fill(path: string, megabytes: number): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.create(path);
  const piece = new Uint8Array(1_000_000);
  for (let n = 0; n < megabytes; n++) {
    for (let at = 0; at < piece.length; at += 50_000) {
      crypto.getRandomValues(piece.subarray(at, at + 50_000));
    }
    hash.update(piece);
    for (let at = 0; at < piece.length;) {
      at += await file.write(piece.subarray(at));
    }
  }
  return hash.digest("hex");
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1_048_576);
  for (let count; (count = await file.read(buffer)) !== null;) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex");
}

if (import.meta.main) {
  const [kills = 200, megabytes = 1000] = Deno.args.map(Number);
  const report = await killLoop({ kills, megabytes });
  // deno-lint-ignore no-console -- a program that talks to a person
  console.log(JSON.stringify(report));
  const well = report.code === 0 && report.identical && report.kills === kills;
  Deno.exitCode = well ? 0 : 1;
}
