// Whole transfers, through the library, from a source to a name at the other
// end and back with a receipt.

import { assert, assertEquals } from "@std/assert";
import type { Receipt } from "../../lib/model/receipt.ts";
import { serve } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import type { Sink } from "../../lib/sink/sink.ts";
import { send, sendAll } from "../../lib/transfer/sender/send.ts";
import { noise, sha256Of, tempDir, tree } from "../support/helpers.ts";
import { slowCommit, watchedSink } from "../support/sinks.ts";
import { BYTES, odd, route } from "../support/transfer_route.ts";

for (
  const size of [
    0,
    1,
    65_535,
    65_536,
    65_537,
    1_048_575,
    1_048_576,
    1_048_577,
    5_000_000,
  ]
) {
  Deno.test(`a file of ${size} bytes arrives identical and durable`, async () => {
    await using all = await route();
    const bytes = noise(size);
    await Deno.writeFile(`${all.from}/a`, bytes);
    const receipt = await send(`${all.from}/a`, all.server.addr);
    const there = await Deno.readFile(`${all.to}/a`);
    assertEquals(sha256Of(there), sha256Of(bytes));
    const { id: _id, committedAt: _when, ...rest } = receipt;
    assertEquals(rest, {
      name: "a",
      bytes: size,
      sha256: sha256Of(bytes),
      durable: true,
      existing: false,
    });
    assertEquals(await tree(all.to), ["a"]);
  });
}

Deno.test("a source of unknown length and odd pieces arrives identical", async () => {
  await using all = await route();
  const bytes = noise(2_500_000);
  const { server, to } = all;
  const receipt = await send(odd(bytes), server.addr, { name: "odd" });
  assertEquals(receipt.bytes, bytes.length);
  assertEquals(sha256Of(await Deno.readFile(`${to}/odd`)), sha256Of(bytes));
});

Deno.test("over a Unix socket it is the same", async () => {
  await using dir = await tempDir();
  const sink = memorySink();
  await using server = serve({ sink, path: `${dir.path}/socket` });
  assertEquals(server.addr.transport, "unix");
  await send(noise(200_000), server.addr, { name: "a" });
  assertEquals(sha256Of(sink.files.get("a")!), sha256Of(noise(200_000)));
});

Deno.test("more entries than may be open at once arrive, each with its receipt", async () => {
  await using all = await route();
  const names = Array.from(
    { length: 600 },
    (_, at) => `${at}`.padStart(4, "0"),
  );
  for (const name of names) {
    await Deno.writeTextFile(`${all.from}/${name}`, `this is ${name}`);
  }
  const receipts = await sendAll([all.from], all.server.addr, { name: "d" });
  assertEquals(receipts.map(({ name }) => name), [
    ...names.map((name) => `d/${name}`),
    "d",
  ]);
  assertEquals(await tree(`${all.to}/d`), names);
  for (const name of [names[0], names[599]]) {
    const text = await Deno.readTextFile(`${all.to}/d/${name}`);
    assertEquals(text, `this is ${name}`);
  }
});

/** Makes a tree with all that a tree may have. */
async function plant(root: string): Promise<void> {
  await Deno.mkdir(`${root}/t/deep/er`, { recursive: true });
  await Deno.mkdir(`${root}/t/empty`);
  await Deno.writeTextFile(`${root}/t/-dash`, "1");
  await Deno.writeTextFile(`${root}/t/a "b" 'c' d`, "2");
  await Deno.writeTextFile(`${root}/t/deep/ü 日本 😀`, "3");
  await Deno.writeTextFile(`${root}/t/deep/er/x`, "");
  await Deno.symlink("x", `${root}/t/deep/er/link`);
  await Deno.chmod(`${root}/t/deep/er/x`, 0o751);
  await Deno.chmod(`${root}/t/empty`, 0o705);
  for (const path of await tree(root)) {
    if (path.endsWith("@")) continue;
    const time = new Date(1_500_000_000_123 + path.length * 1_000);
    await Deno.utime(`${root}/${path}`, time, time);
  }
}

Deno.test("a tree arrives with its empty directories and modification times, without its links", async () => {
  await using all = await route();
  await plant(all.from);
  const skipped: string[] = [];
  const receipts = await sendAll([`${all.from}/t`], all.server.addr, {
    onSkip: (path, reason) => skipped.push(`${path}: ${reason}`),
  });
  assertEquals(skipped, [
    `${all.from}/t/deep/er/link: it is a symbolic link`,
  ]);
  const sent = (await tree(all.from)).filter((path) => !path.endsWith("@"));
  assertEquals(await tree(all.to), sent);
  assertEquals(receipts.length, sent.length);
  for (const path of sent) {
    const [here, there] = await Promise.all([
      Deno.stat(`${all.from}/${path}`),
      Deno.stat(`${all.to}/${path}`),
    ]);
    assertEquals(there.mtime, here.mtime, path);
    if (here.isFile) {
      assertEquals(
        await Deno.readFile(`${all.to}/${path}`),
        await Deno.readFile(`${all.from}/${path}`),
      );
    }
  }
});

Deno.test("permission bits go along when they are to be kept, and not otherwise", async () => {
  for (const preserve of [true, false]) {
    await using all = await route();
    await plant(all.from);
    await sendAll([`${all.from}/t`], all.server.addr, { preserve });
    for (const [path, mode] of [["deep/er/x", 0o751], ["empty", 0o705]]) {
      const { mode: found } = await Deno.stat(`${all.to}/t/${path}`);
      assertEquals((found! & 0o777) === mode, preserve, `${path}`);
    }
  }
});

Deno.test("the same transfer again finds everything there already", async () => {
  await using all = await route();
  await plant(all.from);
  const first = await sendAll([`${all.from}/t`], all.server.addr);
  const again = await sendAll([`${all.from}/t`], all.server.addr);
  const files = first.filter(({ name }) => !/t$|deep$|er$|empty$/.test(name));
  assertEquals(files.map(({ existing }) => existing), [
    false,
    false,
    false,
    false,
  ]);
  assert(again.every(({ existing, durable }) => existing && durable));
  const digests = (all: Receipt[]) => all.map(({ sha256 }) => sha256);
  assertEquals(digests(again), digests(first));
});

Deno.test("a commit that takes longer than the timeout is waited for, on the word of its heartbeats", async () => {
  const { commit, finish } = slowCommit("syncing");
  const sink: Sink = watchedSink({ commit });
  await using server = serve({ sink, idleTimeout: 700 });
  const from = performance.now();
  const receipt = await send(BYTES, server.addr, {
    name: "a",
    idleTimeout: 700,
    onProgress: ({ phase }) => {
      if (phase === "syncing" && performance.now() - from > 1_000) finish();
    },
  });
  assertEquals(receipt.bytes, 1_000);
});

Deno.test("progress never counts what the receiver has not", async () => {
  const seen: number[] = [];
  let written = 0;
  const sink = watchedSink({
    write: (_entry, piece) => void (written += piece.length),
  });
  await using server = serve({ sink });
  await send(noise(5_000_000), server.addr, {
    name: "a",
    limitRate: 10_000_000,
    onProgress: ({ bytes }) => {
      assert(bytes <= written, `${bytes} of ${written}`);
      seen.push(bytes);
    },
  });
  assertEquals(seen.at(-1), 5_000_000);
  assertEquals(seen, seen.toSorted((a, b) => a - b));
});
