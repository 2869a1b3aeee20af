import { assertEquals } from "@std/assert";
import { Destination } from "../../../lib/sink/disk/destination.ts";
import { directorySink } from "../../../lib/sink/disk/mod.ts";
import {
  noise,
  rejectsWith,
  tempDir,
  tree,
  utf8,
} from "../../support/helpers.ts";

Deno.test("Destination.makeDirectories() makes the way down once, also for many at a time", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const ways = Array.from(
    { length: 20 },
    () => to.makeDirectories(["a", "b", "c"]),
  );
  for (const path of await Promise.all(ways)) {
    assertEquals(path, `${dir.path}/a/b/c`);
  }
  assertEquals(await to.makeDirectories([]), dir.path);
  assertEquals(await tree(dir.path), ["a/", "a/b/", "a/b/c/"]);
});

Deno.test("Destination.makeDirectories() and lstat() pass through no link and no file", async () => {
  await using dir = await tempDir();
  await using outside = await tempDir();
  await Deno.symlink(outside.path, `${dir.path}/link`);
  await Deno.writeFile(`${dir.path}/file`, noise(1));
  const to = new Destination(dir.path, {});
  for (const way of [["link"], ["link", "d"]]) {
    await rejectsWith(
      "rejected",
      () => to.makeDirectories(way),
      "it is a symbolic link",
    );
    await rejectsWith(
      "rejected",
      () => to.lstat([...way, "x"]),
      "it is a symbolic link",
    );
  }
  await rejectsWith(
    "rejected",
    () => to.makeDirectories(["file"]),
    "it is not a directory",
  );
  await rejectsWith(
    "rejected",
    () => to.lstat(["file", "x"]),
    "it is not a directory",
  );
  assertEquals(await tree(outside.path), []);
});

Deno.test("Destination.lstat() sees the link itself, and null where nothing is", async () => {
  await using dir = await tempDir();
  await Deno.symlink("/", `${dir.path}/link`);
  const to = new Destination(dir.path, {});
  assertEquals((await to.lstat(["link"]))?.isSymlink, true);
  assertEquals(await to.lstat(["none"]), null);
  assertEquals(await to.lstat(["none", "x"]), null);
});

for (const where of ["root/inside", "root-evil"]) {
  Deno.test(`Destination.makeDirectories() passes through no link to ${where}, made since the file was opened (5)`, async () => {
    await using dir = await tempDir();
    const root = `${dir.path}/root`;
    const target = `${dir.path}/${where}`;
    await Deno.mkdir(root);
    await Deno.mkdir(`${target}/e`, { recursive: true });
    for (const name of ["d/a", "d/e/a"]) {
      const sink = directorySink(root);
      const draft = await sink.open({ kind: "file", name });
      await draft.write(utf8("bytes"));
      await Deno.symlink(target, `${root}/d`);
      await rejectsWith(
        "rejected",
        () => draft.commit(),
        'Cannot store below "d": it is a symbolic link',
      );
      await Deno.remove(`${root}/d`);
    }
    assertEquals(await tree(target), ["e/"]);
  });
}
