// Two thousand senders at the same moment: all are served, and afterwards the
// receiver is as it was.

import { assert, assertEquals } from "@std/assert";
import { send } from "../../lib/transfer/sender/send.ts";
import { run } from "../support/children.ts";
import { sh, shell } from "../support/commands.ts";
import { noise, tempDir, tree } from "../support/helpers.ts";
import { receiver } from "./receiver.ts";

const SENDERS = 2_000;

/** How many senders come at once, one burst after the other. */
const BURSTS = [SENDERS, 1_000, 1_000, 1_000, 1_000];

/** What a process holds: descriptors, and memory in kilobytes. */
async function heldBy(pid: string): Promise<{ files: number; memory: number }> {
  const counts = sh`ls /proc/${pid}/fd | wc -l
awk '/VmRSS/ { print $2 }' /proc/${pid}/status`;
  const [files, memory] = (await run(...shell(counts))).split("\n");
  return { files: Number(files), memory: Number(memory) };
}

/**
 * The same once the last connections are gone: a sender has its receipt and the
 * receiver's end before the receiver has seen the sender's.
 */
async function heldAfter(pid: string, files: number) {
  for (;;) {
    const held = await heldBy(pid);
    if (held.files === files) return held;
  }
}

Deno.test(`${SENDERS} senders at once are all delivered, and nothing is kept of them (9)`, async () => {
  await using dir = await tempDir();
  await using to = await receiver(dir.path, {
    inside: shell(sh`echo '{"pid":'$$'}' && exec "$@"`),
  });
  const [, pid] = await to.process.stdout.until(/"pid":(\d+)/);
  const bytes = noise(10_000);
  const burst = (name: string, count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const receipt = await send(bytes, to.addr, {
          name: `${name}${n}`,
          retry: 5,
        });
        assertEquals(receipt.bytes, bytes.length);
      }),
    );
  const idle = await heldBy(pid!);
  await burst("warm", 50);
  const before = await heldAfter(pid!, idle.files);
  const memory: number[] = [];
  for (const [number, count] of BURSTS.entries()) {
    await burst(`burst${number}-`, count);
    memory.push((await heldAfter(pid!, before.files)).memory);
  }
  const all = BURSTS.reduce((sum, count) => sum + count, 50);
  assertEquals((await tree(dir.path)).length, all);
  // What one burst needed the next one uses again. When the runtime gives
  // memory back is its own affair, so the least of several figures counts.
  const early = Math.max(...memory.slice(0, 2));
  const late = Math.min(...memory.slice(-2));
  assert(before.memory > 0 && late < early * 1.25, `${memory.join(", ")} kB`);
  assert(early < 450_000, `${early} kB`);
});
