import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { leave } from "../../../lib/sink/disk/temp_files.ts";
import { Destination } from "../../../lib/sink/disk/destination.ts";
import { findPartial } from "../../../lib/sink/disk/find_partial.ts";
import { BlockDigests } from "../../../lib/model/block_digests.ts";
import { noise, tempDir, tree } from "../../support/helpers.ts";

const MIB = 1_048_576;
const BYTES = noise(MIB + 10);
const OPTIONS = {
  mode: 0o600,
  mayExist: false,
  algorithm: "sha256",
  signal: new AbortController().signal,
} as const;

/** Leaves a partial file of these bytes for the name `a`. */
async function leavePartial(
  to: Destination,
  bytes: Uint8Array,
): Promise<void> {
  const temp = await to.temps.create(["a"], 0o600);
  await temp.file.write(bytes);
  await leave(temp);
}

function entryOf(size: number) {
  return { kind: "file", name: "a", size } as const;
}

Deno.test("findPartial() gives what an earlier attempt left, with the digests of its bytes", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  await leavePartial(to, BYTES);
  const entry = entryOf(3 * MIB);
  const found = await findPartial(to, entry, ["a"], OPTIONS);
  assert(found);
  assertEquals(found.held.length, BYTES.length);
  let at = 0;
  const own = await BlockDigests.of(
    (into) => {
      const piece = BYTES.subarray(at, at + into.length);
      into.set(piece);
      at += piece.length;
      return Promise.resolve(piece.length || null);
    },
    BYTES.length,
    "sha256",
  );
  for (const end of [MIB, BYTES.length]) {
    assertEquals(found.held.at(end).finish(), own.at(end).finish());
  }
  // It is nobody else's while it is open.
  assertEquals(await findPartial(to, entry, ["a"], OPTIONS), undefined);
  found.temp.file.close();
});

Deno.test("findPartial() shows no more than was announced", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  await leavePartial(to, BYTES);
  const found = await findPartial(to, entryOf(MIB), ["a"], OPTIONS);
  assertEquals(found?.held.length, MIB);
  found?.temp.file.close();
});

Deno.test("findPartial() leaves the file and the descriptors where there is no space", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  await leavePartial(to, BYTES);
  const before = await tree(dir.path);
  const huge = entryOf(Number.MAX_SAFE_INTEGER);
  for (let turn = 0; turn < 2; turn++) {
    const error = await assertRejects(
      () => findPartial(to, huge, ["a"], OPTIONS),
      TransferError,
      "free and the file needs",
    );
    assertEquals(error.code, "local-io");
  }
  assertEquals(await tree(dir.path), before);
  await to.descriptors.acquire(512); // all of them are there
  to.descriptors.release(512);
  const found = await findPartial(to, entryOf(3 * MIB), ["a"], OPTIONS);
  assertEquals(found?.held.length, BYTES.length);
  found?.temp.file.close();
});

Deno.test("findPartial() asks for space for what is missing, unless the file may be there", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const huge = entryOf(Number.MAX_SAFE_INTEGER);
  await assertRejects(
    () => findPartial(to, huge, ["a"], OPTIONS),
    TransferError,
    "free and the file needs",
  );
  const mayExist = { ...OPTIONS, mayExist: true };
  assertEquals(await findPartial(to, huge, ["a"], mayExist), undefined);
});

Deno.test("findPartial() removes a file that cannot be read back, and gives its descriptor back", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  await leavePartial(to, BYTES);
  const { read } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.read = () => Promise.reject(new Error("EIO"));
  try {
    await assertRejects(
      () => findPartial(to, entryOf(3 * MIB), ["a"], OPTIONS),
      Error,
      "EIO",
    );
  } finally {
    Deno.FsFile.prototype.read = read;
  }
  assertEquals(await tree(dir.path), []);
  await to.descriptors.acquire(512); // all of them are there
});

Deno.test("findPartial() needs space for what the file lacks, and no more", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const temp = await to.temps.create(["a"], 0o600);
  const size = 2 ** 42; // sparse, and more than the disk has
  await temp.file.truncate(size);
  await leave(temp);
  const leaving = new AbortController();
  leaving.abort(new Error("leaves")); // before it reads all that
  const find = (more: number, mayExist: boolean) =>
    findPartial(to, entryOf(size + more), ["a"], {
      ...OPTIONS,
      mayExist,
      signal: leaving.signal,
    });
  await assertRejects(() => find(10, false), Error, "leaves");
  // A file of that size may be there, but a partial is what is resumed.
  for (const mayExist of [false, true]) {
    await assertRejects(
      () => find(2 ** 52, mayExist),
      TransferError,
      "free and the file needs",
    );
  }
});
