import { assertEquals } from "@std/assert";
import type { Entry } from "../../../lib/model/entry.ts";
import type { ConflictPolicy } from "../../../lib/sink/conflict.ts";
import { Destination } from "../../../lib/sink/disk/destination.ts";
import { decideEarly, openFile } from "../../../lib/sink/disk/open_file.ts";
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

const SIZE = 1_500_000;
const ENTRY = { kind: "file", name: "a", size: SIZE } as const;

/** Opens the file `a` for a transfer. */
function open(to: Destination, transfer: string) {
  return openFile(to, ENTRY, ["a"], transfer, "sha256");
}

Deno.test("openFile() shows what the same transfer is committing on another connection (6)", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const first = await open(to, "the transfer");
  await first.write(noise(SIZE));
  const disk = Promise.withResolvers<void>();
  const { sync } = to.files;
  to.files.sync = async (file) => {
    await disk.promise;
    await sync.call(to.files, file);
  };
  const syncing = Promise.withResolvers<void>();
  const committing = first.commit(() => syncing.resolve());
  await syncing.promise;
  const opening = open(to, "the transfer");
  await tree(dir.path); // it has looked, if it did not wait
  disk.resolve();
  await committing;
  const again = await opening;
  assertEquals(again.resumable?.length, SIZE);
  await again.resumable!.start(SIZE);
  assertEquals((await again.commit()).existing, true);
});

Deno.test("openFile() prefers the file that is there to a partial, where nothing else can be stored", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const draft = await open(to, "one");
  await draft.write(noise(SIZE - 1));
  await draft.keep!();
  await Deno.writeFile(`${dir.path}/a`, noise(SIZE));
  assertEquals((await open(to, "two")).resumable?.length, SIZE);
  const replacing = new Destination(dir.path, { onConflict: "replace" });
  const partial = await open(replacing, "three");
  assertEquals(partial.resumable?.length, SIZE - 1);
  await partial.abort();
});

Deno.test("openFile() holds nothing of a file that it refuses for lack of space", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const removed: string[] = [];
  const { remove } = to.drafts;
  to.drafts.remove = (name, draft) => {
    removed.push(name);
    remove.call(to.drafts, name, draft);
  };
  const entry = { ...ENTRY, size: Number.MAX_SAFE_INTEGER };
  await rejectsWith(
    "local-io",
    () => openFile(to, entry, ["a"], "the transfer", "sha256"),
    "free and the file needs",
  );
  assertEquals([removed, await tree(dir.path)], [["a"], []]);
});
