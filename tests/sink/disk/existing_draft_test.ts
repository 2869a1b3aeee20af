import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import type { ConflictPolicy } from "../../../lib/sink/conflict.ts";
import { Destination } from "../../../lib/sink/disk/destination.ts";
import { ExistingDraft } from "../../../lib/sink/disk/existing_draft.ts";
import { directorySink } from "../../../lib/sink/disk/mod.ts";
import { openFile } from "../../../lib/sink/disk/open_file.ts";
import { noise, tempDir, tree } from "../../support/helpers.ts";

const MIB = 1_048_576;
const CONTENT = noise(MIB + 10);

/** Opens a draft where a file of the announced length is there already. */
async function openTaken(root: string, onConflict: ConflictPolicy) {
  await Deno.writeFile(`${root}/a`, CONTENT);
  const sink = directorySink(root, { onConflict });
  const entry = { kind: "file", name: "a", size: CONTENT.length } as const;
  return await sink.open(entry);
}

Deno.test("a file that is there is held, whole and proven", async () => {
  await using dir = await tempDir();
  const draft = await openTaken(dir.path, "refuse");
  assertEquals(draft.resumable?.length, CONTENT.length);
  await draft.resumable?.start(CONTENT.length);
  assertEquals(await draft.commit(), {
    name: "a",
    durable: true,
    existing: true,
  });
  assertEquals(await tree(dir.path), ["a"]);
});

Deno.test("a file that is there is not touched when other bytes come under refuse", async () => {
  await using dir = await tempDir();
  const draft = await openTaken(dir.path, "refuse");
  const error = await assertRejects(
    () => draft.resumable!.start(MIB),
    TransferError,
    "other content has that name",
  );
  assertEquals(error.code, "rejected");
  await draft.abort();
  assertEquals(await Deno.readFile(`${dir.path}/a`), CONTENT);
  assertEquals(await tree(dir.path), ["a"]);
});

for (
  const [policy, name] of [["replace", "a"], ["rename", "a (1)"]] as const
) {
  Deno.test(`what agrees is copied and the rest taken under ${policy}`, async () => {
    await using dir = await tempDir();
    const draft = await openTaken(dir.path, policy);
    await draft.resumable!.start(MIB);
    await draft.write(new Uint8Array(10));
    const committed = await draft.commit();
    assertEquals([committed.name, committed.existing], [name, false]);
    const bytes = await Deno.readFile(`${dir.path}/${name}`);
    assertEquals(bytes.subarray(0, MIB), CONTENT.subarray(0, MIB));
    assertEquals(bytes.subarray(MIB), new Uint8Array(10));
  });
}

Deno.test("a file that is changed after it was shown is not vouched for", async () => {
  await using dir = await tempDir();
  const draft = await openTaken(dir.path, "refuse");
  await draft.resumable!.start(CONTENT.length);
  await Deno.writeFile(`${dir.path}/a`, noise(3));
  const error = await assertRejects(() => draft.commit(), TransferError);
  assertEquals([error.code, error.retriable], ["rejected", true]);
});

for (const policy of ["replace", "rename"] as const) {
  Deno.test(`what is copied is what was proven, or nothing is stored under ${policy} (1)`, async () => {
    await using dir = await tempDir();
    const draft = await openTaken(dir.path, policy);
    const other = CONTENT.slice();
    other[0]! ^= 1; // somebody else writes to it meanwhile
    await Deno.writeFile(`${dir.path}/a`, other);
    const error = await assertRejects(
      () => draft.resumable!.start(MIB),
      TransferError,
      "is being changed",
    );
    assertEquals([error.code, error.retriable], ["rejected", true]);
    await draft.abort();
    assertEquals(await tree(dir.path), ["a"]);
    assertEquals(await Deno.readFile(`${dir.path}/a`), other);
  });
}

Deno.test("a file that is changed and given its old time is not vouched for", async () => {
  await using dir = await tempDir();
  const draft = await openTaken(dir.path, "refuse");
  const path = `${dir.path}/a`;
  const { atime, mtime, ctime } = await Deno.stat(path);
  await draft.resumable!.start(CONTENT.length);
  // Times have a grain; what happens within one cannot be told apart.
  while ((await Deno.stat(path)).ctime!.getTime() === ctime!.getTime()) {
    await Deno.writeFile(path, new Uint8Array(CONTENT.length));
    await Deno.utime(path, atime!, mtime!);
  }
  const error = await assertRejects(() => draft.commit(), TransferError);
  assertEquals([error.code, error.retriable], ["rejected", true]);
});

Deno.test("a file whose links or bits change meanwhile is what it was", async () => {
  await using dir = await tempDir();
  const draft = await openTaken(dir.path, "refuse");
  const path = `${dir.path}/a`;
  const { ctime } = await Deno.stat(path);
  await draft.resumable!.start(CONTENT.length);
  while ((await Deno.stat(path)).ctime!.getTime() === ctime!.getTime()) {
    await Deno.chmod(path, 0o600);
  }
  assertEquals((await draft.commit()).existing, true);
});

Deno.test("a partial file is resumed beside a file of the same length", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, new Uint8Array(CONTENT.length));
  const sink = directorySink(dir.path, { onConflict: "replace" });
  const entry = { kind: "file", name: "a", size: CONTENT.length } as const;
  const cut = await sink.open(entry);
  await cut.resumable!.start(0); // none of what is there agrees
  await cut.write(CONTENT.subarray(0, MIB));
  await cut.keep!();
  const draft = await sink.open(entry);
  assertEquals(draft.resumable?.length, MIB);
  await draft.resumable!.start(MIB);
  await draft.write(CONTENT.subarray(MIB));
  assertEquals((await draft.commit()).existing, false);
  assertEquals(await Deno.readFile(`${dir.path}/a`), CONTENT);
  assertEquals(await tree(dir.path), ["a"]);
});

Deno.test("a file that is too long to be proven whole is not refused for it", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, CONTENT);
  // It says that it is longer than what can be read of it to prove it.
  const size = CONTENT.length + MIB;
  const seen = { ...await Deno.stat(`${dir.path}/a`), size };
  const draft = await ExistingDraft.open(
    new Destination(dir.path, {}),
    { kind: "file", name: "a", size },
    ["a"],
    undefined,
    seen,
    "sha256",
  );
  await draft.resumable.start(draft.resumable.length);
  const { existing } = await draft.commit();
  assertEquals(existing, true);
  assertEquals(await tree(dir.path), ["a"]);
});

/** What a destination synced so far: paths of directories, inodes of files. */
function syncsOf(to: Destination): (string | number)[] {
  const done: (string | number)[] = [];
  const { files, directories } = to;
  const [file, directory] = [files.sync, directories.sync];
  files.sync = async (one) => {
    await file.call(files, one);
    done.push((await one.stat()).ino!);
  };
  directories.sync = async (path) => {
    await directory.call(directories, path);
    done.push(path);
  };
  return done;
}

Deno.test("a file that is there is synced, with every directory up to the root, before its receipt (1, 2)", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/d/e/a`;
  await Deno.mkdir(`${dir.path}/d/e`, { recursive: true });
  await Deno.writeFile(path, CONTENT);
  const to = new Destination(dir.path, {});
  const entry = { kind: "file", name: "d/e/a", size: CONTENT.length } as const;
  const draft = await openFile(to, entry, ["d", "e", "a"], undefined, "sha256");
  await draft.resumable!.start(CONTENT.length);
  const done = syncsOf(to);
  assertEquals((await draft.commit()).existing, true);
  const { ino } = await Deno.stat(path);
  assertEquals(done[0], ino);
  assertEquals(done.slice(1).sort(), [
    dir.path,
    `${dir.path}/d`,
    `${dir.path}/d/e`,
  ]);
});

Deno.test("a file whose ctime moved meanwhile is synced again once its bytes were compared (1, 2)", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await Deno.writeFile(path, CONTENT);
  const to = new Destination(dir.path, {});
  const entry = { kind: "file", name: "a", size: CONTENT.length } as const;
  const draft = await openFile(to, entry, ["a"], undefined, "sha256");
  await draft.resumable!.start(CONTENT.length);
  const { ctime, ino } = await Deno.stat(path);
  // Somebody wrote the same bytes anew: they may not be on the disk.
  while ((await Deno.stat(path)).ctime!.getTime() === ctime!.getTime()) {
    await Deno.writeFile(path, CONTENT);
  }
  const done = syncsOf(to);
  assertEquals((await draft.commit()).existing, true);
  assertEquals(done, [ino, dir.path, ino]);
});
