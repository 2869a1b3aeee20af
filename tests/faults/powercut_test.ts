// A power cut at any moment: of every file that a receipt was read for, all is
// there when the disk is mounted again; of every other, nothing or all.
//
// ext4 on a loop file. What the file system has not handed to the block device
// by the time of the cut is lost, as it would be with the machine's memory.

import { assert, assertEquals } from "@std/assert";
import { send } from "../../lib/transfer/sender/send.ts";
import { run } from "../support/children.ts";
import { sh, shell, type ShellLine, under } from "../support/commands.ts";
import { noise, sha256Of, tempDir } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import { receiver } from "./receiver.ts";
import { seeded } from "./seed.ts";

const CUTS = 6;
const SENDERS = 4;
const FILES = 8;

needs(
  ["mkfs.ext4", "mounts", "loop"],
  "after a power cut every file with a receipt is whole, and no file is wrong (1, 2, 3)",
  async () => {
    const random = seeded("power cut");
    await using box = await tempDir();
    const live = `${box.path}/live`, after = `${box.path}/after`;
    const disk = `${box.path}/disk`, copy = `${box.path}/copy`;
    const script = sh`mkdir ${live} ${after} && truncate -s 96M ${disk} &&
      mkfs.ext4 -q ${disk} && mount -o loop ${disk} ${live} && sync &&
      echo '{"pid":'$$'}' && exec "$@"`;
    await using to = await receiver(live, {
      inside: under(["unshare", "-m"], shell(script)),
    });
    const [, pid] = await to.process.stdout.until(/"pid":(\d+)/);
    const inside = (line: ShellLine) =>
      run(...under(["nsenter", "-t", pid!, "-m", "--"], shell(line)));

    const sent = new Map<string, string>();
    const delivered = new Set<string>();
    let lost = 0, proven = 0;
    for (let cut = 0; cut < CUTS; cut++) {
      // Nobody syncs this one: a cut has to be able to lose something.
      await inside(sh`head -c 200000 /dev/zero > ${live}/unsynced`);
      const enough = delivered.size + 1 + random(SENDERS * FILES);
      const moment = Promise.withResolvers<void>();
      const wave = Promise.all(
        Array.from({ length: SENDERS }, async (_, sender) => {
          for (let count = 0; count < FILES; count++) {
            const name = `${cut}/${sender}-${count}`;
            const bytes = noise(1 + random(count % 4 ? 5_000 : 1_500_000));
            sent.set(name, sha256Of(bytes));
            await send(bytes, to.addr, { name });
            delivered.add(name);
            if (delivered.size >= enough) moment.resolve();
          }
        }),
      );
      await Promise.race([wave, moment.promise]);
      to.process.kill("SIGSTOP");
      // Twice the same: nothing was written meanwhile, so it is one moment's.
      const same = sh`cp ${disk} ${copy} && cmp -s ${disk} ${copy}`;
      await inside(sh`for n in $(seq 50); do ${same} && exit; done; exit 1`);
      const promised = [...delivered];
      to.process.kill("SIGCONT");
      const list =
        sh`find . -type f ! -name '.halfclose-*' -exec sha256sum {} +`;
      const found = await inside(
        sh`mount -o loop ${copy} ${after} && cd ${after} && ${list}
          cd / && umount ${after}`,
      );
      const there = filesIn(found);
      if (there.get("unsynced") !== sha256Of(new Uint8Array(200_000))) lost++;
      there.delete("unsynced");
      for (const [name, digest] of there) {
        assertEquals(digest, sent.get(name), `${name} is wrong`);
      }
      for (const name of promised) {
        assert(there.has(name), `${name} had a receipt and is gone`);
        proven++;
      }
      await wave;
    }
    assert(proven > 0, "no receipt was put to the test");
    assert(lost > 0, "the cuts lost nothing, so they were none");
  },
);

/** What sha256sum says, as digests by path. */
function filesIn(list: string): Map<string, string> {
  const lines = list.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => {
    const [digest, path] = line.split(/ +\.\//);
    return [path!, digest!];
  }));
}
