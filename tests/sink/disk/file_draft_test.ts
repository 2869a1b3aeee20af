import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { RESUME_BYTES } from "../../../lib/model/resume.ts";
import { leave } from "../../../lib/sink/disk/temp_files.ts";
import { Destination } from "../../../lib/sink/disk/destination.ts";
import { FileDraft } from "../../../lib/sink/disk/file_draft.ts";
import { noise, tempDir, tree, utf8 } from "../../support/helpers.ts";

const FILE = { kind: "file", name: "d/a" } as const;

Deno.test("FileDraft puts nothing on the disk before its first byte", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const draft = new FileDraft(to, FILE, ["d", "a"]);
  assertEquals(await tree(dir.path), []);
  await draft.write(noise(1));
  const [temp, ...others] = await tree(dir.path);
  assert(temp?.startsWith(".halfclose-"));
  assertEquals(others, []); // no parent either
  await draft.abort();
  assertEquals(await tree(dir.path), []);
});

Deno.test("FileDraft syncs before it has a name", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const draft = new FileDraft(to, FILE, ["d", "a"]);
  await draft.write(utf8("bytes"));
  const seen: string[] = [];
  await draft.commit((phase) => {
    seen.push(phase);
    // The file system as the phase begins: the name comes after both.
    assertEquals([...Deno.readDirSync(dir.path)].length, 1);
  });
  assertEquals(seen, ["syncing", "committing"]);
  assertEquals(await tree(dir.path), ["d/", "d/a"]);
});

Deno.test("FileDraft leaves nothing where its temporary file cannot be made", async () => {
  await using dir = await tempDir();
  const to = new Destination(`${dir.path}/none`, {});
  const draft = new FileDraft(to, FILE, ["d", "a"]);
  for (const act of [() => draft.write(noise(1)), () => draft.commit()]) {
    const error = await assertRejects(act, TransferError);
    assertEquals(error.code, "local-io");
  }
  await draft.abort();
  assertEquals(await tree(dir.path), []);
});

Deno.test("FileDraft can be dropped while its commit is under way", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const draft = new FileDraft(to, { kind: "file", name: "a" }, ["a"]);
  await draft.write(utf8("whole"));
  const committing = Promise.allSettled([draft.commit()]);
  await draft.abort();
  const [result] = await committing;
  // Either is right; half a file, a second one or a draft left over is not.
  const left = result.status === "fulfilled" ? ["a"] : [];
  assertEquals(await tree(dir.path), left);
  if (left.length > 0) {
    assertEquals(await Deno.readFile(`${dir.path}/a`), utf8("whole"));
  }
});

Deno.test("FileDraft leaves a partial to others where it has no descriptor for it", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  await leave(await to.temps.create(["a"], 0o600)); // left behind
  const { acquire } = to.descriptors;
  to.descriptors.acquire = () => Promise.reject(new RangeError("busy"));
  const draft = new FileDraft(to, { kind: "file", name: "a" }, ["a"]);
  await assertRejects(() => draft.findPartial("sha256"), Error, "busy");
  await draft.abort();
  to.descriptors.acquire = acquire;
  const again = await to.temps.openPartial(["a"], 0o600); // neither locked nor gone
  assert(again);
  again.file.close();
});

/** A draft of a megabyte and more, all of it written. */
async function written(to: Destination): Promise<FileDraft> {
  const bytes = noise(1_500_000);
  const entry = { kind: "file", name: "a", size: bytes.length } as const;
  const draft = new FileDraft(to, entry, ["a"]);
  await to.drafts.add("a", "the transfer", draft);
  await draft.write(bytes);
  return draft;
}

/** A disk whose first sync fails; later ones lie, as Linux does. */
function failingOnce(to: Destination): void {
  const { sync } = to.files;
  to.files.sync = (file) => {
    let syncs = 0;
    to.files.sync = (again) => sync.call(to.files, again);
    const eio = () =>
      syncs++ === 0 ? Promise.reject(new Error("EIO")) : Promise.resolve();
    return sync.call(to.files, { stat: () => file.stat(), sync: eio });
  };
}

Deno.test("FileDraft leaves no partial whose sync failed (1)", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  failingOnce(to);
  const draft = await written(to);
  const error = await assertRejects(() => draft.keep(), TransferError, "EIO");
  assertEquals(error.code, "local-io");
  assertEquals(await tree(dir.path), []);
});

Deno.test("FileDraft leaves no partial of a commit whose sync failed, though its sender is back (1)", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  failingOnce(to);
  const draft = await written(to);
  const syncing = Promise.withResolvers<void>();
  const committing = assertRejects(
    () => draft.commit(() => syncing.resolve()),
    TransferError,
    "EIO",
  );
  await syncing.promise;
  await to.drafts.evict("a", "the transfer");
  await committing;
  assertEquals(await tree(dir.path), []);
});

Deno.test("a FileDraft is evicted only when its partial file is synced", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const draft = await written(to);
  const { promise, resolve } = Promise.withResolvers<void>();
  const { sync } = to.files;
  to.files.sync = async (file) => {
    await promise;
    await sync.call(to.files, file);
  };
  const kept = draft.keep(); // its connection was cut, and the disk is slow
  let evicted = false;
  const evicting = to.drafts.evict("a", "the transfer").then(() => {
    evicted = true;
  });
  await tree(dir.path);
  assertEquals(evicted, false);
  resolve();
  await Promise.all([kept, evicting]);
  const adopted = await to.temps.openPartial(["a"], 0o666);
  assertEquals((await adopted?.file.stat())?.size, 1_500_000);
  adopted?.file.close();
});

Deno.test("FileDraft has committed, whether or not its other name can be removed", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const draft = await written(to);
  const { remove } = Deno;
  Deno.remove = () => Promise.reject(new Error("EIO"));
  try {
    assertEquals((await draft.commit()).durable, true);
  } finally {
    Deno.remove = remove;
  }
  // What is left of it is no partial.
  assertEquals(await to.temps.openPartial(["a"], 0o666), undefined);
  assertEquals(await tree(dir.path), ["a"]);
});

Deno.test("FileDraft that waits for a descriptor ends at once when it is dropped", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  await to.descriptors.acquire(512); // all there are
  const draft = new FileDraft(to, { kind: "file", name: "a" }, ["a"]);
  const writing = assertRejects(() => draft.write(utf8("x")), TransferError);
  await draft.abort();
  await writing;
  assertEquals(await tree(dir.path), []);
});

Deno.test("FileDraft that has its name is no partial for a sender that is back (1, 3)", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const draft = await written(to);
  const [named, synced] = [0, 1].map(() => Promise.withResolvers<void>());
  to.directories.sync = () => {
    named!.resolve();
    return synced!.promise;
  };
  const committing = draft.commit();
  await named!.promise;
  const evicting = to.drafts.evict("a", "the transfer");
  synced!.resolve();
  assertEquals((await committing).existing, false);
  await evicting;
  assertEquals(await tree(dir.path), ["a"]);
});

Deno.test("FileDraft ends when no write uses its file any more, also one that nobody waited for", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const draft = await written(to);
  to.files.sync = () => Promise.resolve(); // nothing else makes it wait
  const gate = Promise.withResolvers<void>();
  const { write } = Deno.FsFile.prototype;
  let ended = false;
  Deno.FsFile.prototype.write = async function (piece) {
    Deno.FsFile.prototype.write = write; // the second one does not wait
    await gate.promise;
    assertEquals(ended, false);
    return await write.call(this, piece);
  };
  try {
    const writes = [draft.write(noise(10)), draft.write(noise(10))];
    const keeping = draft.keep().then(() => void (ended = true));
    await writes[1];
    assertEquals((await tree(dir.path)).length, 1);
    assertEquals(ended, false);
    gate.resolve();
    await Promise.all([...writes, keeping]);
  } finally {
    Deno.FsFile.prototype.write = write;
  }
  const kept = await to.temps.openPartial(["a"], 0o666);
  assertEquals((await kept?.file.stat())?.size, 1_500_020);
  kept?.file.close();
});

Deno.test("FileDraft keeps a partial that nobody went on with, and starts over where nobody asks for it", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  await (await written(to)).keep();
  const entry = { kind: "file", name: "a", size: 2_000_000 } as const;
  const idle = new FileDraft(to, entry, ["a"]);
  await idle.findPartial("sha256");
  assertEquals(idle.resumable?.length, 1_500_000);
  await idle.keep();
  assertEquals((await tree(dir.path)).length, 1);
  const draft = new FileDraft(to, entry, ["a"]);
  await draft.findPartial("sha256");
  assertEquals(draft.resumable?.length, 1_500_000);
  await Promise.all([draft.write(utf8("one")), draft.write(utf8(" two"))]);
  await draft.commit();
  assertEquals(await Deno.readTextFile(`${dir.path}/a`), "one two");
});

Deno.test("FileDraft that is being handed over takes no more bytes: they would be the next connection's", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const draft = new FileDraft(to, { kind: "file", name: "a" }, ["a"]);
  await draft.write(noise(RESUME_BYTES));
  const leaving = draft.release();
  await assertRejects(() => draft.write(noise(1)), TransferError);
  await leaving;
  const [partial] = await tree(dir.path);
  assertEquals((await Deno.stat(`${dir.path}/${partial}`)).size, RESUME_BYTES);
});
