import { assertEquals, assertRejects } from "@std/assert";
import type { Entry } from "../../lib/model/entry.ts";
import {
  bytesItem,
  directoryItem,
  fileItem,
  type Item,
  readerItem,
  releasing,
} from "../../lib/source/item.ts";
import { readerOf } from "../../lib/source/stream_reader.ts";
import {
  noise,
  readAll,
  rejectsWith,
  tempDir,
  utf8,
} from "../support/helpers.ts";

const ENTRY: Entry = { kind: "file", name: "a" };

/** A file of a megabyte, as it is announced. */
async function announced(path: string): Promise<Item> {
  await Deno.writeFile(path, noise(1_000_000));
  // A time of its own, so that a write in the same tick shows too.
  await Deno.utime(path, 1, 1);
  const seen = await Deno.stat(path);
  return fileItem(path, { ...ENTRY, size: seen.size }, seen);
}

Deno.test("bytesItem() gives the bytes, each time anew", async () => {
  const item = bytesItem(noise(2500), ENTRY);
  for (let turn = 0; turn < 2; turn++) {
    await using reading = await item.open();
    assertEquals(await readAll(reading), noise(2500));
    assertEquals(await reading.read(new Uint8Array(1)), null);
    await reading.verify();
  }
  assertEquals(item.entry, ENTRY);
});

Deno.test("bytesItem() and directoryItem() end at once where there are no bytes", async () => {
  const directory = directoryItem({ kind: "directory", name: "d" });
  for (const item of [bytesItem(new Uint8Array(0), ENTRY), directory]) {
    await using reading = await item.open();
    assertEquals(await reading.read(new Uint8Array(1)), null);
  }
});

Deno.test("readerItem() remembers what was read once, for another attempt", async () => {
  const item = readerItem(readerOf(ReadableStream.from([noise(10)])), ENTRY);
  for (let attempt = 0; attempt < 2; attempt++) {
    await using reading = await item.open();
    assertEquals(await readAll(reading), noise(10));
  }
});

Deno.test("readerItem() rejects with source when its reader fails", async () => {
  const read = () =>
    Promise.reject(new Error("Input/output error (os error 5)"));
  await using reading = await readerItem({ read }, ENTRY).open();
  await rejectsWith(
    "source",
    () => reading.read(new Uint8Array(1)),
    'Cannot read "a": Input/output error',
  );
});

Deno.test("releasing() lets go of each item once, with the reason of a failure", async () => {
  const heard: unknown[] = [];
  const release = (reason: unknown) => heard.push(reason);
  const items = [0, 1].map(() => ({
    ...bytesItem(noise(1), ENTRY),
    release,
  }));
  assertEquals(await releasing(items, () => Promise.resolve(7)), 7);
  assertEquals(heard, [undefined, undefined]);
  const reason = new RangeError("no");
  await assertRejects(
    () =>
      releasing([...items, bytesItem(noise(1), ENTRY)], () => {
        throw reason;
      }),
    RangeError,
  );
  assertEquals(heard.slice(2), [reason, reason]);
});

Deno.test("fileItem() gives the file, and it held still", async () => {
  await using dir = await tempDir();
  const item = await announced(`${dir.path}/a`);
  for (let turn = 0; turn < 2; turn++) {
    await using reading = await item.open();
    assertEquals(await readAll(reading, 65_536), noise(1_000_000));
    await reading.verify();
  }
});

Deno.test("fileItem() rejects with source where the file is gone", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  const item = await announced(path);
  await Deno.remove(path);
  await rejectsWith("source", () => item.open(), `Cannot read "${path}": `);
});

Deno.test("fileItem() rejects with source-changed where it is not what was announced", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  const changes: [string, () => Promise<void>][] = [
    ["it grew", () => Deno.writeFile(path, noise(1), { append: true })],
    ["it shrank", () => Deno.truncate(path, 10)],
    ["it was written to", () => Deno.utime(path, 2, 2)],
    ["another file has its name", async () => {
      await Deno.rename(path, `${path}.old`);
      await Deno.writeFile(path, noise(1_000_000));
    }],
  ];
  for (const [how, change] of changes) {
    const item = await announced(path);
    await change();
    const found = `Cannot send "${path}": ${how} while it was sent`;
    await rejectsWith("source-changed", () => item.open(), found);
  }
});

Deno.test("fileItem() rejects with source-changed when the file shrinks while it is read", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await using reading = await (await announced(path)).open();
  await reading.read(new Uint8Array(1000));
  await Deno.truncate(path, 500_000);
  await rejectsWith(
    "source-changed",
    () => readAll(reading, 100_000),
    "it shrank",
  );
});

Deno.test("fileItem() sends no more than was announced, and finds that it grew", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await using reading = await (await announced(path)).open();
  await Deno.writeFile(path, utf8("more"), { append: true });
  assertEquals((await readAll(reading)).length, 1_000_000);
  await rejectsWith("source-changed", () => reading.verify(), "it grew");
});

Deno.test("fileItem() finds a file that was rewritten in place while it was read", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await using reading = await (await announced(path)).open();
  await readAll(reading, 65_536);
  using file = await Deno.open(path, { write: true });
  await file.write(utf8("other"));
  await rejectsWith(
    "source-changed",
    () => reading.verify(),
    "it was written to",
  );
});

Deno.test("fileItem() finds a rewrite whose modification time was set back", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await using reading = await (await announced(path)).open();
  await readAll(reading, 65_536);
  const { ctime } = await Deno.stat(path);
  await Deno.writeFile(path, noise(1_000_000).reverse());
  // ctime cannot be set back; it has a tick, so this goes on until it moved.
  do await Deno.utime(path, 1, 1); while (
    (await Deno.stat(path)).ctime?.getTime() === ctime?.getTime()
  );
  await rejectsWith(
    "source-changed",
    () => reading.verify(),
    "it was moved, or written to and its time set back, while it was sent",
  );
});

for (
  const [what, act] of [
    ["loses its name", (path: string) => Deno.remove(path)],
    ["gets other bits", (path: string) => Deno.chmod(path, 0o600)],
    ["gets another name", (path: string) => Deno.link(path, `${path}.link`)],
  ] as const
) {
  Deno.test(`fileItem() does not mind a file that ${what}: its bytes stay`, async () => {
    await using dir = await tempDir();
    const path = `${dir.path}/a`;
    const item = await announced(path);
    const { ctime } = await Deno.stat(path);
    while (Date.now() <= ctime!.getTime()); // or it would not show
    await using reading = await item.open();
    await act(path);
    assertEquals((await readAll(reading, 65_536)).length, 1_000_000);
    await reading.verify();
  });
}

Deno.test("fileItem() goes on with the file it opened when the name goes", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await using reading = await (await announced(path)).open();
  await Deno.remove(path);
  assertEquals(await readAll(reading, 65_536), noise(1_000_000));
});

Deno.test("fileItem() of an empty file ends at once", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/empty`;
  await Deno.writeFile(path, new Uint8Array(0));
  const item = fileItem(path, { ...ENTRY, size: 0 }, await Deno.stat(path));
  await using reading = await item.open();
  assertEquals(await reading.read(new Uint8Array(1)), null);
  await reading.verify();
});
