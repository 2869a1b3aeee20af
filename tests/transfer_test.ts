// Whole transfers, through the library, from a source to a name at the other
// end and back with a receipt.

import { assert, assertEquals } from "@std/assert";
import { memorySink } from "../lib/memory_sink.ts";
import type { Receipt } from "../lib/receipt.ts";
import { send, sendAll, type SendOptions, transfer } from "../lib/send.ts";
import { serve, type ServeOptions, type Server } from "../lib/serve.ts";
import type { Sink } from "../lib/sink.ts";
import type { ConflictPolicy } from "../lib/conflict.ts";
import { bytesItem } from "../lib/source.ts";
import { directorySink } from "../lib/store.ts";
import { noise, sha256Of, tempDir, tree, utf8 } from "./helpers.ts";
import { failing } from "./scripted.ts";
import { slowCommit, watchedSink } from "./sinks.ts";

const BYTES = noise(1_000);

/** A place to send from, a place to land in, and a receiver between them. */
async function route(
  options: Partial<ServeOptions> & { onConflict?: ConflictPolicy } = {},
) {
  const dir = await tempDir();
  const [from, to] = [`${dir.path}/from`, `${dir.path}/to`];
  await Deno.mkdir(from);
  await Deno.mkdir(to);
  const { onConflict = "refuse", ...rest } = options;
  const errors: string[] = [];
  const server = serve({
    sink: directorySink(to, { onConflict }),
    onError: (error) => errors.push(error.code),
    ...rest,
  });
  return {
    from,
    to,
    server,
    errors,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await dir[Symbol.asyncDispose]();
    },
  };
}

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

/** Bytes in pieces of odd sizes, empty ones among them. */
async function* odd(bytes: Uint8Array) {
  const sizes = [1, 0, 65_537, 3, 300_001, 0, 7];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
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

for (
  const [onConflict, left] of [
    ["refuse", { a: "old" }],
    ["replace", { a: "new" }],
    ["rename", { a: "old", "a (1)": "new" }],
  ] as const
) {
  Deno.test(`--on-conflict ${onConflict}: a taken name`, async () => {
    await using all = await route({ onConflict });
    await Deno.writeTextFile(`${all.to}/a`, "old");
    const sending = send(utf8("new"), all.server.addr, { name: "a" });
    if (onConflict === "refuse") {
      const error = await failing(sending);
      assertEquals([error.code, error.retriable], ["rejected", false]);
    } else {
      const { name, existing } = await sending;
      const last = Object.keys(left).at(-1)!;
      assertEquals([name, existing], [last, false]);
    }
    const found: Record<string, string> = {};
    for (const name of await tree(all.to)) {
      found[name] = await Deno.readTextFile(`${all.to}/${name}`);
    }
    assertEquals<unknown>(found, left);
  });
}

Deno.test("an entry beyond the size limit is refused while the others are delivered", async () => {
  await using all = await route({ maxSize: 1_000 });
  await Deno.writeFile(`${all.from}/large`, noise(1_001));
  await Deno.writeFile(`${all.from}/right`, noise(1_000));
  const paths = ["large", "right"].map((name) => `${all.from}/${name}`);
  const heard: string[] = [];
  const error = await failing(sendAll(paths, all.server.addr, {
    onReceipt: ({ name }) => heard.push(name),
  }));
  assertEquals(error.code, "rejected");
  assert(
    error.message.endsWith("it has 1001 bytes and the limit is 1000"),
    error.message,
  );
  assertEquals([heard, await tree(all.to)], [["right"], ["right"]]);
});

Deno.test("a source of unknown length is refused at the size limit, and leaves nothing", async () => {
  await using all = await route({ maxSize: 100_000 });
  const sending = send(odd(noise(3_000_000)), all.server.addr, { name: "a" });
  assertEquals((await failing(sending)).code, "rejected");
  assertEquals(await tree(all.to), []);
});

Deno.test("a name that would leave the destination is refused by the receiver too", async () => {
  await using all = await route();
  const item = bytesItem(BYTES, { kind: "file", name: "../a" });
  const sending = transfer([item], all.server.addr, {});
  assertEquals((await failing(sending)).code, "rejected");
  assertEquals(await tree(all.to), []);
});

/** What can happen to a file while it is sent, and what is found then. */
const CHANGES: [string, (path: string) => Promise<void>, string][] = [
  ["shrinks", (path) => Deno.truncate(path, 2_000_000), "it shrank"],
  [
    "grows",
    (path) => Deno.writeFile(path, BYTES, { append: true }),
    "it grew",
  ],
  ["is rewritten", async (path) => {
    using file = await Deno.open(path, { write: true });
    await file.write(utf8("other"));
    await file.utime(new Date(), new Date(1_000));
  }, "it was written to"],
];

for (const [what, change, found] of CHANGES) {
  Deno.test(`a source that ${what} while it is sent is not committed, and its neighbour is`, async () => {
    await using all = await route();
    const paths = ["a", "b"].map((name) => `${all.from}/${name}`);
    await Deno.writeFile(paths[0]!, noise(4_000_000));
    await Deno.writeFile(paths[1]!, BYTES);
    // The first the receiver has of it proves that it was opened and read.
    let changed: Promise<void> | undefined;
    const options: SendOptions = {
      limitRate: 10_000_000,
      onProgress: ({ bytes }) => {
        if (bytes > 0) changed ??= change(paths[0]!);
      },
    };
    const error = await failing(sendAll(paths, all.server.addr, options));
    await changed;
    assertEquals([error.code, error.exit], ["source-changed", 4]);
    assert(error.message.includes(found), error.message);
    assertEquals(await tree(all.to), ["b"]);
    await all.server.shutdown();
    assertEquals(all.errors, ["source-changed"]);
  });
}

Deno.test("a source that is gone when its turn comes is not committed, and its neighbour is", async () => {
  await using all = await route({
    onConnect: () => Deno.removeSync(`${all.from}/a`),
  });
  const paths = ["a", "b"].map((name) => `${all.from}/${name}`);
  for (const path of paths) await Deno.writeFile(path, BYTES);
  const error = await failing(sendAll(paths, all.server.addr));
  assertEquals([error.code, error.exit], ["source", 3]);
  assertEquals(await tree(all.to), ["b"]);
});

Deno.test("a source that fails in the middle is not committed", async () => {
  await using all = await route();
  async function* source() {
    yield noise(100_000);
    await Promise.resolve();
    throw new Error("unplugged");
  }
  const error = await failing(
    send(source(), all.server.addr, { name: "a", retry: 3 }),
  );
  assertEquals(error.code, "source");
  assert(error.message.includes("unplugged"), error.message);
  assertEquals(await tree(all.to), []);
});

Deno.test("of two senders to one name exactly one wins, and no byte is mixed", async () => {
  await using all = await route();
  for (let round = 0; round < 10; round++) {
    const name = `n${round}`;
    const rivals = [1, 2].map((fill) => new Uint8Array(200_000).fill(fill));
    const results = await Promise.allSettled(
      rivals.map((bytes) => send(bytes, all.server.addr, { name })),
    );
    const won = results.findIndex(({ status }) => status === "fulfilled");
    const lost = results[1 - won];
    assert(lost?.status === "rejected" && lost.reason.code === "rejected");
    const there = await Deno.readFile(`${all.to}/${name}`);
    assertEquals(sha256Of(there), sha256Of(rivals[won]!));
  }
});

/** A transfer that is in the middle of an entry. */
async function midway(server: Server, options: SendOptions = {}) {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  async function* source() {
    yield noise(100_000);
    await gate.promise;
  }
  const sending = send(source(), server.addr, {
    name: "a",
    onProgress: ({ bytes }) => bytes > 0 && begun.resolve(),
    ...options,
  });
  sending.catch(() => {}); // looked at by the test
  await begun.promise;
  return { sending, finish: gate.resolve };
}

Deno.test("a sender that is aborted leaves nothing half-written, and the receiver is told", async () => {
  const told = Promise.withResolvers<string>();
  await using all = await route({
    onError: ({ message }) => told.resolve(message),
  });
  const stop = new AbortController();
  const { sending, finish } = await midway(all.server, { signal: stop.signal });
  stop.abort(new RangeError("enough"));
  const reason = await sending.catch((error) => error);
  assert(reason instanceof RangeError);
  assertEquals(
    await told.promise,
    "Cannot receive the rest: it was interrupted",
  );
  finish();
  await all.server.shutdown();
  assertEquals(await tree(all.to), []);
});

Deno.test("a receiver that is aborted leaves nothing half-written, and the sender is told", async () => {
  const stop = new AbortController();
  await using all = await route({ signal: stop.signal });
  const { sending, finish } = await midway(all.server);
  stop.abort();
  const error = await failing(sending);
  assertEquals([error.code, error.retriable], ["rejected", true]);
  assert(error.message.includes("the receiver is stopping"), error.message);
  finish();
  await all.server.finished;
  assertEquals(await tree(all.to), []);
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
