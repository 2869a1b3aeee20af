import { assertEquals } from "@std/assert";
import type { Entry } from "../../../lib/model/entry.ts";
import type { ConflictPolicy } from "../../../lib/sink/conflict.ts";
import { Destination } from "../../../lib/sink/disk/destination.ts";
import { decideEarly } from "../../../lib/sink/disk/open_file.ts";
import { noise, rejectsWith, tempDir, tree } from "../../support/helpers.ts";

Deno.test("decideEarly() refuses only what is certain under each policy", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/f`, noise(5));
  await Deno.mkdir(`${dir.path}/d`);
  const file = (name: string, size?: number): Entry => ({
    kind: "file",
    name,
    ...(size === undefined ? {} : { size }),
  });
  const check = (onConflict: ConflictPolicy, entry: Entry) =>
    decideEarly(new Destination(dir.path, { onConflict }), entry, [entry.name]);
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
  const decided = async (onConflict: ConflictPolicy, entry: Entry) =>
    (await check(onConflict, entry)).decision;
  assertEquals(await decided("refuse", file("f", 5)), "compare");
  assertEquals(await decided("refuse", file("f")), "compare"); // unknown length
  assertEquals(await decided("refuse", file("new", 1)), "create");
  assertEquals(await decided("replace", file("f", 6)), "replace");
  assertEquals(await decided("rename", file("f", 6)), "next-name");
  assertEquals(await decided("rename", file("d", 6)), "next-name");
});

Deno.test("decideEarly() refuses a path that the system cannot hold, before it makes any of it", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const parts = Array.from({ length: 17 }, () => "p".repeat(240));
  await rejectsWith(
    "rejected",
    () => decideEarly(to, { kind: "file", name: parts.join("/") }, parts),
    "its path has more than 4095 bytes here",
  );
  assertEquals(await tree(dir.path), []);
});

Deno.test("decideEarly() refuses a link that has the name, and says nothing of where it leads", async () => {
  await using dir = await tempDir();
  await Deno.symlink("/etc/passwd", `${dir.path}/link`);
  const entry = { kind: "file", name: "link", size: 5 } as const;
  await rejectsWith(
    "rejected",
    () => decideEarly(new Destination(dir.path, {}), entry, ["link"]),
    'Cannot store "link": other content has that name already',
  );
});
