import { assert, assertEquals, assertRejects } from "@std/assert";
import { Destination } from "../lib/destination.ts";
import { FileDraft } from "../lib/file_draft.ts";
import { TransferError } from "../lib/errors.ts";
import { noise, tempDir, tree, utf8 } from "./helpers.ts";

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
  const { file } = await to.temps.create(["a"], 0o600);
  file.close(); // left behind
  const { take } = to.descriptors;
  to.descriptors.take = () => Promise.reject(new RangeError("busy"));
  const draft = new FileDraft(to, { kind: "file", name: "a" }, ["a"]);
  await assertRejects(() => draft.lookBack(), Error, "busy");
  await draft.abort();
  to.descriptors.take = take;
  const again = await to.temps.adopt(["a"]); // neither locked nor gone
  assert(again);
  again.file.close();
});
