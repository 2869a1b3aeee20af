// deno-lint-ignore-file no-console -- prints a table
/**
 * What the throughput benchmarks share: copying one file in several ways, in
 * turn, and a table of the medians. One round more is made before the others
 * and not counted: memory that nobody used of late can cost a virtual machine
 * more than the copy.
 *
 * @module
 */

import { sh, shell } from "../tests/support/commands.ts";
import { freePort } from "../tests/support/free_port.ts";
import { mustBeNamed } from "../tests/support/needs.ts";
import { pathOf, type Program } from "../tests/support/programs.ts";

const CLI = new URL("../cli.ts", import.meta.url).pathname;

/** One way to copy a file from here to there over loopback. */
export interface Contender {
  name: string;
  /** Whom it is measured against. */
  peers?: string[];
  /** Copies `source` to `target`; resolves when both ends are done. */
  copy(source: string, target: string, dir: string): Promise<void>;
}

/** Starts a program that prints nothing. */
export function start(
  program: Program,
  ...args: string[]
): Deno.ChildProcess {
  mustBeNamed(program);
  // The whole path: sshd insists on it, and deno need not be on the PATH.
  const path = pathOf(program) ?? program;
  return new Deno.Command(path, { args, stdout: "null", stderr: "null" })
    .spawn();
}

/** Waits for a program, which must end well. */
export async function succeed(process: Deno.ChildProcess, name: string) {
  const { code } = await process.status;
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
}

/** Runs a program and gives what it printed. */
export async function output(
  program: Program,
  ...args: string[]
): Promise<string> {
  mustBeNamed(program);
  const { code, stdout } = await new Deno.Command(program, { args }).output();
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return new TextDecoder().decode(stdout).trim();
}

/** Waits until a program listens, without talking to it. */
export async function listening(port: number): Promise<void> {
  const wanted = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const started = performance.now();
  for (;;) {
    const table = await output("cat", "/proc/net/tcp");
    if (table.includes(`${wanted} 00000000:0000 0A`)) return;
    if (performance.now() - started > 10_000) {
      throw new Error(`Cannot go on: nothing listens on ${port} after 10 s`);
    }
  }
}

/** Copies with this program; the options go to both sides. */
export async function halfclose(
  source: string,
  target: string,
  options: string[],
): Promise<void> {
  const port = freePort();
  const deno = ["run", "-A", "--no-check", CLI];
  const receiver = start(
    "deno",
    ...[...deno, "receive", "-q", "--once", ...options],
    ...["-o", target, `127.0.0.1:${port}`],
  );
  await listening(port);
  clock.start();
  await succeed(
    start(
      "deno",
      ...[...deno, "send", "-q", ...options, source, `127.0.0.1:${port}`],
    ),
    "halfclose send",
  );
  await succeed(receiver, "halfclose receive");
}

/** Started by each contender when its receiver is ready. */
export const clock = {
  begun: 0,
  start() {
    this.begun = performance.now();
  },
  get seconds() {
    return (performance.now() - this.begun) / 1000;
  },
};

/** A daemon of a contender's; it ends with the round, outside of the time. */
export function endsWithRound(daemon: Deno.ChildProcess): void {
  stopped = daemon;
}

let stopped: Deno.ChildProcess | undefined;

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/**
 * Runs the contest and prints its table.
 *
 * @param contenders Who takes part, in this order.
 * @param megabytes How large the file is.
 * @param rounds How often each of them copies it and is counted.
 */
export async function contest(
  contenders: readonly Contender[],
  megabytes: number,
  rounds: number,
): Promise<void> {
  // Deno touches nothing below /dev and /proc unless it may do everything, so
  // other programs do what is to be done there.
  const base = "/dev/shm";
  const dir = await output(
    "mktemp",
    "-d",
    "-p",
    base,
    "halfclose-bench-XXXXXX",
  );
  try {
    const source = `${dir}/source`;
    const bytes = megabytes * 1_000_000;
    await output(
      ...shell(sh`head -c ${bytes} /dev/urandom > ${source}`),
    );
    const seconds = new Map<string, number[]>();
    for (let round = 0; round <= rounds; round++) {
      for (const { name, copy } of contenders) {
        const target = `${dir}/copy`;
        await copy(source, target, dir);
        const took = clock.seconds;
        stopped?.kill();
        await stopped?.status;
        stopped = undefined;
        await succeed(start("cmp", source, target), `comparing ${name}`);
        await output("rm", target);
        if (round === 0) continue;
        seconds.set(name, [...seconds.get(name) ?? [], took]);
      }
    }
    console.log(
      `${megabytes} MB, file to file on ${base}, ${rounds} rounds in turn\n`,
    );
    console.log("contender             median s   GB/s   ratio to its peer");
    for (const { name, peers = [] } of contenders) {
      const own = seconds.get(name)!;
      const ratios = peers.map((peer) => {
        const against = seconds.get(peer)!;
        const each = own.map((took, round) => against[round]! / took);
        return `${median(each).toFixed(2)} × ${peer}`;
      });
      console.log(
        `${name.padEnd(20)} ${median(own).toFixed(2).padStart(9)} ${
          (bytes / 1e9 / median(own)).toFixed(2).padStart(6)
        }   ${ratios.join(", ")}`.trimEnd(),
      );
    }
  } finally {
    await output("rm", "-r", dir);
  }
}
