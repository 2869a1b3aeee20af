import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import type { Entry } from "../../../lib/model/entry.ts";
import type { ConflictPolicy } from "../../../lib/sink/conflict.ts";
import { Destination, storing } from "../../../lib/sink/disk/destination.ts";
import { noise, rejectsWith, tempDir, tree } from "../../support/helpers.ts";

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

Deno.test("Destination.makeDirectories() and look() pass through no link and no file", async () => {
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
      () => to.look([...way, "x"]),
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
    () => to.look(["file", "x"]),
    "it is not a directory",
  );
  assertEquals(await tree(outside.path), []);
});

Deno.test("Destination.look() sees the link itself, and null where nothing is", async () => {
  await using dir = await tempDir();
  await Deno.symlink("/", `${dir.path}/link`);
  const to = new Destination(dir.path, {});
  assertEquals((await to.look(["link"]))?.isSymlink, true);
  assertEquals(await to.look(["none"]), null);
  assertEquals(await to.look(["none", "x"]), null);
});

Deno.test("Destination.check() refuses only what is certain under each policy", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/f`, noise(5));
  await Deno.mkdir(`${dir.path}/d`);
  const file = (name: string, size?: number): Entry => ({
    kind: "file",
    name,
    ...(size === undefined ? {} : { size }),
  });
  const check = (onConflict: ConflictPolicy, entry: Entry) =>
    new Destination(dir.path, { onConflict }).check(entry, [entry.name]);
  const taken = "has that name already";
  await rejectsWith(
    "rejected",
    () => check("refuse", file("f", 6)),
    `a file of 5 bytes ${taken}`,
  );
  await rejectsWith(
    "rejected",
    () => check("refuse", file("d")),
    `a directory ${taken}`,
  );
  await rejectsWith(
    "rejected",
    () => check("replace", file("d", 0)),
    `a directory ${taken}`,
  );
  await check("refuse", file("f", 5));
  await check("refuse", file("f")); // of unknown length
  await check("refuse", file("new", 1));
  await check("replace", file("f", 6));
  await check("rename", file("f", 6));
  await check("rename", file("d", 6));
});

Deno.test("storing() types what the disk throws and passes what is typed", async () => {
  const full = Object.assign(new Error("No space left (os error 28)"), {
    code: "ENOSPC",
  });
  const error = await assertRejects(
    () => storing("a\nb", () => Promise.reject(full)),
    TransferError,
  );
  assertEquals(error.code, "local-io");
  assertEquals(error.message, 'Cannot store "a\\u{a}b": No space left');
  assertStrictEquals(error.cause, full);
  const typed = new TransferError("rejected", {
    doing: "store it",
    found: "no",
  });
  assertStrictEquals(
    await assertRejects(() => storing("a", () => Promise.reject(typed)), Error),
    typed,
  );
  assertEquals(await storing("a", () => Promise.resolve(7)), 7);
});

Deno.test("Destination.check() refuses a path that the system cannot hold, before it makes any of it", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const parts = Array.from({ length: 17 }, () => "p".repeat(240));
  await rejectsWith(
    "rejected",
    () => to.check({ kind: "file", name: parts.join("/") }, parts),
    "its path has more than 4095 bytes here",
  );
  assertEquals(await tree(dir.path), []);
});
