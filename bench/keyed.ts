/**
 * Throughput with a key: beside scp, and beside the same without a key, in the
 * same run. What counts is the median of the rounds' ratios.
 *
 * The sshd is a private one on 127.0.0.1, with a host key, an authorized key
 * and a configuration of its own, and ends with the script. Needs Debian's
 * openssh-server and openssh-client, and root, as sshd does.
 *
 * ```sh
 * deno task bench:keyed            # 2 GB, 5 rounds, on /dev/shm
 * deno task bench:keyed 500 3      # 500 MB, 3 rounds
 * ```
 *
 * @module
 */

import { generateKey } from "../lib/security/key.ts";
import { freePort } from "../tests/support/free_port.ts";
import { demand } from "../tests/support/needs.ts";
import {
  clock,
  type Contender,
  contest,
  halfclose,
  listening,
  start,
  succeed,
} from "./contest.ts";

demand("scp", "ssh-keygen", "sshd", "root");

const dir = await Deno.makeTempDir({ prefix: "halfclose-sshd-" });
const at = (name: string) => `${dir}/${name}`;

/** Starts a private sshd, and notes the options with which scp finds it. */
async function startSshd(): Promise<void> {
  for (const name of ["host", "user"]) {
    const args = ["-q", "-t", "ed25519", "-N", "", "-f", at(name)];
    await succeed(start("ssh-keygen", ...args), "ssh-keygen");
  }
  await Deno.copyFile(at("user.pub"), at("authorized"));
  await Deno.mkdir("/run/sshd", { recursive: true });
  const port = freePort();
  await Deno.writeTextFile(
    at("config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${at("host")}`,
      `AuthorizedKeysFile ${at("authorized")}`,
      `PidFile ${at("pid")}`,
      "PasswordAuthentication no",
      "UsePAM no",
      "StrictModes no",
      "Subsystem sftp internal-sftp",
    ].join("\n") + "\n",
  );
  const host = (await Deno.readTextFile(at("host.pub"))).trim();
  await Deno.writeTextFile(at("known"), `[127.0.0.1]:${port} ${host}\n`);
  daemon = start("sshd", "-D", "-f", at("config"));
  await listening(port);
  options = [
    ...["-q", "-P", String(port), "-i", at("user"), "-F", "/dev/null"],
    ...["-o", `UserKnownHostsFile=${at("known")}`],
    ...["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"],
  ];
}

await Deno.writeTextFile(at("key"), generateKey(), { mode: 0o600 });
let daemon: Deno.ChildProcess | undefined;
let options: string[] = [];

async function scp(source: string, target: string, ...more: string[]) {
  clock.start();
  const where = `root@127.0.0.1:${target}`;
  await succeed(start("scp", ...options, ...more, source, where), "scp");
}

const CONTENDERS: Contender[] = [
  { name: "scp", copy: (source, target) => scp(source, target) },
  {
    name: "scp, AES-128-GCM",
    copy: (source, target) =>
      scp(source, target, "-c", "aes128-gcm@openssh.com"),
  },
  {
    name: "halfclose",
    copy: (source, target) => halfclose(source, target, []),
  },
  {
    name: "halfclose with a key",
    peers: ["scp", "scp, AES-128-GCM", "halfclose"],
    copy: (source, target) =>
      halfclose(source, target, ["--key-file", at("key")]),
  },
];

const [megabytes = "2000", rounds = "5"] = Deno.args;
try {
  await startSshd();
  await contest(CONTENDERS, Number(megabytes), Number(rounds));
} finally {
  daemon?.kill();
  await daemon?.status;
  await Deno.remove(dir, { recursive: true });
}
