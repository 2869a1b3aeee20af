/**
 * Cuts the cable again and again while one `send --retry` goes on, and mends it
 * a few seconds later.
 *
 * ```sh
 * deno run -A tests/faults/wan_loop.ts 20 100   # cuts, megabytes; needs root
 * ```
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";
import { ROOT, Running } from "../support/children.ts";
import { under } from "../support/commands.ts";
import { tempDir, tree } from "../support/helpers.ts";
import { demand } from "../support/needs.ts";
import { digestOf, fill } from "./large.ts";
import { cable } from "./link.ts";
import { receiver } from "./receiver.ts";
import { seeded } from "./seed.ts";

/** What became of the transfer. */
export interface CutReport {
  /** How often the cable was cut while the transfer went on. */
  cuts: number;
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

/** How to cut. */
export interface CutOptions {
  /** How many times. */
  cuts: number;
  /** Size of the file in megabytes. */
  megabytes: number;
}

/** Longest time that the cable is whole, and that it is cut. */
const WHOLE_MS = 2_000, CUT_MS = 4_000;

/**
 * Sends one file over a cable that loses one packet in a hundred and is cut at
 * random moments.
 *
 * @param options How often, and how large the file is.
 */
export async function wanLoop(options: CutOptions): Promise<CutReport> {
  const { cuts: wanted, megabytes } = options;
  const random = seeded("cuts");
  await using dir = await tempDir();
  await using source = await tempDir();
  const path = `${source.path}/file`;
  const sha256 = await fill(path, megabytes);
  await using link = await cable({ loss: 1 });
  const begun = performance.now();

  // The receiver waits longer than the sender: it finds that one coming back
  // before it has noticed that it was gone.
  await using _to = await receiver(dir.path, {
    inside: link.on("b"),
    hostname: link.address,
    port: 9000,
  });
  // So slow that no cut comes after the end.
  const rate = Math.ceil(megabytes * 1e6 / (wanted * WHOLE_MS / 1000));
  const [program, ...args] = under(link.on("a"), [
    ...["deno", "run", "-P", "cli.ts", "send", "--json"] as const,
    ...["--timeout", "2", "--retry", "100000", "--connect-timeout", "2"],
    ...["--limit-rate", `${rate}`, path, `${link.address}:9000`],
  ]);
  await using sender = new Running(program, args, { cwd: ROOT });
  const ended = sender.code();
  let over = false;
  void ended.then(() => over = true);
  await Promise.race([sender.stdout.until(/"event":"connected"/), ended]);
  let cuts = 0;
  for (; cuts < wanted && !over; cuts++) {
    await Promise.race([delay(random(WHOLE_MS)), ended]);
    if (over) break;
    await link.cut();
    await delay(random(CUT_MS));
    await link.mend();
  }
  const code = await ended;
  const said = await sender.stdout.text();
  return {
    cuts,
    retries: said.split('"event":"retry"').length - 1,
    code,
    identical: code === 0 && await digestOf(`${dir.path}/file`) === sha256,
    left: await tree(dir.path),
    seconds: Math.round((performance.now() - begun) / 1000),
  };
}

if (import.meta.main) {
  demand("ip", "nft", "netns");
  const [cuts = 20, megabytes = 100] = Deno.args.map(Number);
  const report = await wanLoop({ cuts, megabytes });
  // deno-lint-ignore no-console -- a program that talks to a person
  console.log(JSON.stringify(report));
  const well = report.code === 0 && report.identical && report.cuts === cuts;
  Deno.exitCode = well ? 0 : 1;
}
