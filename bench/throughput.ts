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

import { sh, shell } from "../tests/support/commands.ts";
import { freePort } from "../tests/support/free_port.ts";
import { demand } from "../tests/support/needs.ts";
import {
  clock,
  type Contender,
  contest,
  endsWithRound,
  halfclose,
  listening,
  output,
  start,
  succeed,
} from "./contest.ts";

demand("socat", "rsync");

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
    peers: ["socat -u -b 1048576"],
    copy: (source, target) => halfclose(source, target, ["--raw"]),
  },
  {
    name: "rsync -W (daemon)",
    async copy(source, target, dir) {
      const port = freePort();
      const config = `${dir}/rsyncd.conf`;
      const lines = `address=127.0.0.1\nuse chroot=no\nuid=root\ngid=root\n` +
        `lock file=${dir}/rsync.lock\n[m]\npath=${dir}\nread only=no`;
      await output(...shell(sh`echo '${lines}' > ${config}`));
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
      endsWithRound(daemon);
    },
  },
  {
    name: "halfclose",
    peers: ["rsync -W (daemon)"],
    copy: (source, target) => halfclose(source, target, []),
  },
];

const [megabytes = "2000", rounds = "5"] = Deno.args;
await contest(CONTENDERS, Number(megabytes), Number(rounds));
