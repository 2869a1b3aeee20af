// Two thousand senders at the same moment: all are served, and afterwards the
// receiver is as it was.

import { assert, assertEquals } from "@std/assert";
import { send } from "../../lib/transfer/sender/send.ts";
import { run } from "../support/children.ts";
import { sh, shell } from "../support/commands.ts";
import { noise, tempDir, tree } from "../support/helpers.ts";
import { receiver } from "./receiver.ts";

const SENDERS = 2_000;

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
  const began = performance.now();
  for (;;) {
    const held = await heldBy(pid);
    if (held.files === files || performance.now() - began > 5_000) return held;
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
  await burst("one", 50);
  const before = await heldAfter(pid!, idle.files);
  await burst("many", SENDERS);
  const once = await heldAfter(pid!, before.files);
  await burst("more", SENDERS);
  const twice = await heldAfter(pid!, before.files);
  assertEquals((await tree(dir.path)).length, 2 * SENDERS + 50);
  assertEquals([once.files, twice.files], [before.files, before.files]);
  // What one burst needed the next one uses again.
  assert(before.memory > 0);
  const [first, second] = [once, twice].map(({ memory }) => memory);
  assert(second! < first! * 1.25, `${first} kB, then ${second} kB`);
  assert(first! < 450_000, `${first} kB`);
});
