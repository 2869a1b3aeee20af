// A receiver with little of something: descriptors, memory, somewhere to write
// its log. It stays up, and everybody is served in the end.

import { assert, assertEquals } from "@std/assert";
import type { Target } from "../../lib/net/address.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { MAX_DATA_BYTES } from "../../lib/wire/frames.ts";
import { run } from "../support/children.ts";
import { sh, shell, type ShellLine } from "../support/commands.ts";
import { noise, tempDir, tree } from "../support/helpers.ts";
import { open, Scripted } from "../support/scripted.ts";
import { GREETING, said } from "./raw.ts";
import { type Receiver, receiver } from "./receiver.ts";

/** A receiver in a shell's hands, and its process's id. */
async function shelled(
  dir: string,
  before: ShellLine,
  args: readonly string[] = [],
): Promise<{ to: Receiver; pid: string }> {
  const line = sh`echo '{"pid":'$$'}'; ${before} exec "$@"`;
  const to = await receiver(dir, { args, inside: shell(line) });
  const [, pid] = await to.process.stdout.until(/"pid":(\d+)/);
  return { to, pid: pid! };
}

async function numberIn(line: ShellLine): Promise<number> {
  return Number(await run(...shell(line)));
}

Deno.test("a receiver with 64 descriptors serves 200 senders in the end, and does not spin (9)", async () => {
  await using dir = await tempDir();
  const { to, pid } = await shelled(dir.path, sh`ulimit -n 64;`);
  await using _to = to;
  const bytes = noise(1_000);
  await Promise.all(
    Array.from(
      { length: 200 },
      (_, n) => send(bytes, to.addr, { name: `n${n}`, retry: 50 }),
    ),
  );
  assertEquals((await tree(dir.path)).length, 200);
  const ticks = sh`awk '{ print $14 + $15 }' /proc/${pid}/stat`;
  const before = await numberIn(ticks);
  // Four heartbeats of a session in which nothing happens: a second.
  using peer = new Scripted(await Deno.connect(portOf(to.addr)));
  await peer.greet();
  await peer.hearHello();
  await peer.say(open(0));
  await peer.hear("accept");
  for (let beats = 0; beats < 4; beats++) await peer.hear("alive");
  // A hundredth of a second each: idle is idle.
  assert(await numberIn(ticks) - before < 20, "it is busy with nothing");
});

Deno.test("unauthenticated peers that hold every descriptor make room for a sender (9)", async () => {
  await using dir = await tempDir();
  const { to } = await shelled(dir.path, sh`ulimit -n 64;`);
  await using _to = to;
  const mute = await Promise.all(
    Array.from({ length: 80 }, () => Deno.connect(portOf(to.addr))),
  );
  // Unauthenticated peers are left alone for ten seconds: without room this is too late.
  await send(noise(10), to.addr, { name: "a", retry: 9, idleTimeout: 3_000 });
  assertEquals(await tree(dir.path), ["a"]);
  for (const conn of mute) conn.close();
});

Deno.test("a receiver whose log cannot be written delivers all the same", async () => {
  await using dir = await tempDir();
  const { to } = await shelled(dir.path, sh`exec 2>&-;`);
  await using _to = to;
  for (const name of ["a", "b"]) await send(noise(10), to.addr, { name });
  assertEquals(await tree(dir.path), ["a", "b"]);
});

Deno.test("senders that announce a megabyte each and stop cost a budget, not a megabyte each (9)", async () => {
  await using dir = await tempDir();
  const { to, pid } = await shelled(dir.path, sh``, ["--timeout", "2"]);
  await using _to = to;
  await send(noise(10), to.addr, { name: "first" });
  const memory = sh`awk '/VmRSS/ { print $2 }' /proc/${pid}/status`;
  const before = await numberIn(memory);
  const words = (entry: number) => {
    const bytes = new Uint8Array(MAX_DATA_BYTES);
    const all = said(
      {
        type: "open",
        entry: 0,
        kind: "file",
        name: `stalled${entry}`,
        size: bytes.length,
      },
      { type: "data", entry: 0, offset: 0, bytes },
    );
    return all.subarray(0, -1); // all but the last byte
  };
  const conns: Deno.Conn[] = [];
  try {
    await Promise.all(Array.from({ length: 400 }, async (_, n) => {
      const conn = await Deno.connect(portOf(to.addr));
      conns.push(conn);
      const bytes = words(n);
      void fill(conn, [GREETING, bytes]);
      await conn.read(new Uint8Array(1)); // it has answered
    }));
    // Small frames need no budget; large ones come when others gave theirs up.
    await send(noise(10_000), to.addr, { name: "small" });
    await send(noise(100_000), to.addr, { name: "large" });
    const more = await numberIn(memory) - before;
    assert(more < 600_000, `${more} kB more`);
  } finally {
    for (const conn of conns) conn.close();
  }
});

function portOf(target: Target): { hostname: string; port: number } {
  assert(target.transport !== "unix");
  return target;
}

/** Writes as much as the other side takes. */
async function fill(conn: Deno.Conn, pieces: Uint8Array[]): Promise<void> {
  try {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length;) {
        at += await conn.write(piece.subarray(at));
      }
    }
  } catch (error) {
    // The test is over, or it was told to go.
    const over = error instanceof Deno.errors.Interrupted ||
      error instanceof Deno.errors.BadResource ||
      error instanceof Deno.errors.BrokenPipe ||
      error instanceof Deno.errors.ConnectionReset;
    if (!over) throw error;
  }
}
