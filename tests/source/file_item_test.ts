import { assertEquals } from "@std/assert";
import type { Algorithm } from "../../lib/base/digest.ts";
import type { Entry } from "../../lib/model/entry.ts";
import { directorySink } from "../../lib/sink/disk/mod.ts";
import { fileItem, timeOf } from "../../lib/source/file_item.ts";
import type { Item } from "../../lib/source/item.ts";
import { walk } from "../../lib/source/walk.ts";
import { run } from "../support/children.ts";
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

Deno.test("fileItem() has an origin whose digest is of the algorithm asked for", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  const another = "sha512" as string as Algorithm; // one that node:crypto has
  for (const algorithm of ["sha256", another] as const) {
    await using reading = await (await announced(path)).open(algorithm);
    assertEquals(reading.origin.digest.algorithm, algorithm);
  }
});

Deno.test("fileItem() gives the file, and it held still", async () => {
  await using dir = await tempDir();
  const item = await announced(`${dir.path}/a`);
  for (let turn = 0; turn < 2; turn++) {
    await using reading = await item.open("sha256");
    assertEquals(await readAll(reading, 65_536), noise(1_000_000));
    await reading.verify();
  }
});

Deno.test("fileItem() rejects with source where the file is gone", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  const item = await announced(path);
  await Deno.remove(path);
  await rejectsWith(
    "source",
    () => item.open("sha256"),
    `Cannot read "${path}": `,
  );
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
    await rejectsWith("source-changed", () => item.open("sha256"), found);
  }
});

Deno.test("fileItem() rejects with source-changed when the file shrinks while it is read", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await using reading = await (await announced(path)).open("sha256");
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
  await using reading = await (await announced(path)).open("sha256");
  await Deno.writeFile(path, utf8("more"), { append: true });
  assertEquals((await readAll(reading)).length, 1_000_000);
  await rejectsWith("source-changed", () => reading.verify(), "it grew");
});

Deno.test("fileItem() sends no more than was announced, whatever the pieces are", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await using reading = await (await announced(path)).open("sha256");
  await Deno.writeFile(path, utf8("more"), { append: true });
  const bytes = await readAll(reading, 65_536); // the last one is shorter
  assertEquals(bytes, noise(1_000_000));
});

Deno.test("fileItem() reads to the announced end from wherever it went back to", async () => {
  await using dir = await tempDir();
  await using reading = await (await announced(`${dir.path}/a`)).open("sha256");
  for (const offset of [900_000, 0, 999_999, 1_000_000]) {
    await reading.seek(offset);
    const rest = await readAll(reading, 65_536);
    assertEquals(rest, noise(1_000_000).subarray(offset));
  }
  await reading.verify();
});

Deno.test("fileItem() finds a file that was rewritten in place while it was read", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await using reading = await (await announced(path)).open("sha256");
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
  await using reading = await (await announced(path)).open("sha256");
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
    await using reading = await item.open("sha256");
    await act(path);
    assertEquals((await readAll(reading, 65_536)).length, 1_000_000);
    await reading.verify();
  });
}

Deno.test("fileItem() goes on with the file it opened when the name goes", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await using reading = await (await announced(path)).open("sha256");
  await Deno.remove(path);
  assertEquals(await readAll(reading, 65_536), noise(1_000_000));
});

Deno.test("fileItem() of an empty file ends at once", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/empty`;
  await Deno.writeFile(path, new Uint8Array(0));
  const item = fileItem(path, { ...ENTRY, size: 0 }, await Deno.stat(path));
  await using reading = await item.open("sha256");
  assertEquals(await reading.read(new Uint8Array(1)), null);
  await reading.verify();
});

Deno.test("timeOf() is in milliseconds, and nothing where no Date can hold it", () => {
  assertEquals(timeOf(new Date(1_500)), 1_500);
  assertEquals(timeOf(new Date(0)), 0);
  for (const date of [new Date(NaN), null, undefined]) {
    assertEquals(timeOf(date), undefined);
  }
});

/** Makes every file look as on tmpfs after `touch -d @100000000000000`. */
function timeless(): Disposable {
  const { stat, lstat } = Deno, own = Deno.FsFile.prototype.stat;
  const mtime = new Date(NaN);
  Deno.stat = async (path) => ({ ...await stat(path), mtime });
  Deno.lstat = async (path) => ({ ...await lstat(path), mtime });
  Deno.FsFile.prototype.stat = async function () {
    return { ...await own.call(this), mtime };
  };
  return {
    [Symbol.dispose]() {
      Object.assign(Deno, { stat, lstat });
      Deno.FsFile.prototype.stat = own;
    },
  };
}

async function itemsOf(path: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of walk(path)) items.push(item);
  return items;
}

Deno.test("a file with a time that no Date can hold is announced without it, and sent", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/d`);
  await Deno.writeFile(`${dir.path}/d/a`, noise(10));
  using _ = timeless();
  const [file, directory] = await itemsOf(`${dir.path}/d`);
  assertEquals(file!.entry, { kind: "file", name: "d/a", size: 10 });
  assertEquals(directory!.entry, { kind: "directory", name: "d" });
  await using reading = await file!.open("sha256");
  assertEquals(await readAll(reading), noise(10));
  await reading.verify();
});

Deno.test("a file with a time that no Date can hold is found changed when it is written to", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await Deno.writeFile(path, noise(10));
  const still = timeless();
  const [item] = await itemsOf(path);
  await using reading = await item!.open("sha256");
  still[Symbol.dispose](); // as if it were written to: its time is the clock's
  await rejectsWith(
    "source-changed",
    () => reading.verify(),
    "it was written to",
  );
});

Deno.test("a file with a time that no Date can hold is vouched for when it is there already", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, noise(10));
  using _ = timeless();
  const entry = { kind: "file", name: "a", size: 10 } as const;
  const draft = await directorySink(dir.path).open(entry);
  await draft.resumable!.start(10);
  assertEquals((await draft.commit()).existing, true);
});

Deno.test("fileItem() never gives a file of /proc as an empty one (1, 8)", async () => {
  // Its size is 0 and its content is not: proc(5). Deno opens it for a program
  // that has all permissions only.
  const script = `
    import { walk } from "${import.meta.resolve("../../lib/source/walk.ts")}";
    for await (const item of walk("/proc/version")) {
      await using reading = await item.open("sha256");
      console.log(item.entry.size, await reading.read(new Uint8Array(9)));
      await reading.verify().catch(({ code, message }) =>
        console.log(code, message)
      );
    }`;
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/script.ts`, script);
  const options = ["-A", "--no-check", "--no-config"];
  const output = await run(
    ...["deno", "run", ...options, `${dir.path}/script.ts`] as const,
  );
  assertEquals(
    output,
    "0 null\nsource-changed " +
      'Cannot send "/proc/version": it is longer than it says while it was ' +
      "sent\n",
  );
});
