import { assertEquals } from "@std/assert";
import { directorySink } from "../../lib/sink/disk/mod.ts";
import { timeOf } from "../../lib/source/file_time.ts";
import type { Item } from "../../lib/source/item.ts";
import { walk } from "../../lib/source/walk.ts";
import { noise, readAll, rejectsWith, tempDir } from "../support/helpers.ts";

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
  await using reading = await file!.open();
  assertEquals(await readAll(reading), noise(10));
  await reading.verify();
});

Deno.test("a file with a time that no Date can hold is found changed when it is written to", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await Deno.writeFile(path, noise(10));
  const still = timeless();
  const [item] = await itemsOf(path);
  await using reading = await item!.open();
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
