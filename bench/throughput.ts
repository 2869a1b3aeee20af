// deno-lint-ignore-file no-console -- a script
/**
 * Throughput, file to file, beside the tools people use, in the same run.
 *
 * Every round runs each contender once, in turn, so that a machine that gets
 * slower gets slower for all; what counts is the median of the rounds' ratios.
 * Each run writes a new file. The time is from the sender's start until both
 * ends are done; copies are compared after each run.
 *
 * ```sh
 * deno task bench:throughput            # 2 GB, 5 rounds, on /dev/shm
 * deno task bench:throughput 500 3      # 500 MB, 3 rounds
 * ```
 *
 * @module
 */

const [megabytes = "2000", rounds = "5"] = Deno.args;
const CLI = new URL("../cli.ts", import.meta.url).pathname;

/** One way to copy a file from here to there over loopback. */
interface Contender {
  name: string;
  /** Whom it is measured against. */
  peer?: string;
  /** Copies `source` to `target`; resolves when both ends are done. */
  copy(source: string, target: string, dir: string): Promise<void>;
}

function start(command: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(command, { args, stdout: "null", stderr: "null" })
    .spawn();
}

async function succeed(process: Deno.ChildProcess, name: string) {
  const { code } = await process.status;
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
}

/** A free port: the listener that found it is closed again. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

/** Waits until a program listens, without talking to it. */
async function listening(port: number): Promise<void> {
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

async function halfclose(
  source: string,
  target: string,
  raw: string[],
): Promise<void> {
  const port = freePort();
  const deno = ["run", "-A", "--no-check", CLI];
  const receiver = start(
    Deno.execPath(),
    ...[...deno, "receive", "-q", "--once", ...raw],
    ...["-o", target, `127.0.0.1:${port}`],
  );
  await listening(port);
  clock.start();
  await succeed(
    start(
      Deno.execPath(),
      ...[...deno, "send", "-q", ...raw, source, `127.0.0.1:${port}`],
    ),
    "halfclose send",
  );
  await succeed(receiver, "halfclose receive");
}

/** Started by each contender when its receiver is ready. */
const clock = {
  begun: 0,
  start() {
    this.begun = performance.now();
  },
  get seconds() {
    return (performance.now() - this.begun) / 1000;
  },
};

const CONTENDERS: Contender[] = [
  {
    name: "socat -u -b 1048576",
    async copy(source, target) {
      const port = freePort();
      const listen = `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr`;
      const options = ["-u", "-b", "1048576"];
      const receiver = start("socat", ...options, listen, `CREATE:${target}`);
      await listening(port);
      clock.start();
      await succeed(
        start("socat", ...options, `OPEN:${source}`, `TCP:127.0.0.1:${port}`),
        "socat",
      );
      await succeed(receiver, "socat");
    },
  },
  {
    name: "halfclose --raw",
    peer: "socat -u -b 1048576",
    copy: (source, target) => halfclose(source, target, ["--raw"]),
  },
  {
    name: "rsync -W (daemon)",
    async copy(source, target, dir) {
      const port = freePort();
      const config = `${dir}/rsyncd.conf`;
      const lines = `address=127.0.0.1\nuse chroot=no\nuid=root\ngid=root\n` +
        `lock file=${dir}/rsync.lock\n[m]\npath=${dir}\nread only=no`;
      await output("sh", "-c", `echo '${lines}' > ${config}`);
      const daemon = start(
        "rsync",
        ...["--daemon", "--no-detach", `--config=${config}`],
        `--port=${port}`,
      );
      await listening(port);
      clock.start();
      const name = target.slice(dir.length + 1);
      await succeed(
        start("rsync", "-W", source, `rsync://127.0.0.1:${port}/m/${name}`),
        "rsync",
      );
      stopped = daemon;
    },
  },
  {
    name: "halfclose",
    peer: "rsync -W (daemon)",
    copy: (source, target) => halfclose(source, target, []),
  },
];

/** A daemon whose end is not part of the time. */
let stopped: Deno.ChildProcess | undefined;

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Runs a program and gives what it printed. */
async function output(command: string, ...args: string[]): Promise<string> {
  const { code, stdout } = await new Deno.Command(command, { args }).output();
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return new TextDecoder().decode(stdout).trim();
}

// Deno touches nothing below /dev and /proc unless it may do everything, so
// other programs do what is to be done there.
const base = "/dev/shm";
const dir = await output("mktemp", "-d", "-p", base, "halfclose-bench-XXXXXX");
try {
  const source = `${dir}/source`;
  const bytes = Number(megabytes) * 1_000_000;
  await output("sh", "-c", `head -c ${bytes} /dev/urandom > ${source}`);
  const seconds = new Map<string, number[]>();
  for (let round = 0; round < Number(rounds); round++) {
    for (const { name, copy } of CONTENDERS) {
      const target = `${dir}/copy`;
      await copy(source, target, dir);
      const took = clock.seconds;
      stopped?.kill();
      await stopped?.status;
      stopped = undefined;
      await succeed(start("cmp", source, target), `comparing ${name}`);
      await output("rm", target);
      seconds.set(name, [...seconds.get(name) ?? [], took]);
    }
  }
  console.log(
    `${megabytes} MB, file to file on ${base}, ${rounds} rounds in turn\n`,
  );
  console.log("contender             median s   GB/s   ratio to its peer");
  for (const { name, peer } of CONTENDERS) {
    const own = seconds.get(name)!;
    const against = peer === undefined ? undefined : seconds.get(peer)!;
    const ratio = against &&
      median(own.map((took, round) => against[round]! / took));
    console.log(
      `${name.padEnd(20)} ${median(own).toFixed(2).padStart(9)} ${
        (bytes / 1e9 / median(own)).toFixed(2).padStart(6)
      }   ${ratio === undefined ? "" : `${ratio.toFixed(2)} × ${peer}`}`,
    );
  }
} finally {
  await output("rm", "-r", dir);
}
