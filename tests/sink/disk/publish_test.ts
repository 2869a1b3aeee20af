import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import type { ConflictPolicy } from "../../../lib/sink/conflict.ts";
import { FileSync } from "../../../lib/sink/disk/file_sync.ts";
import { publish } from "../../../lib/sink/disk/publish.ts";
import { noise, tempDir, tree, utf8 } from "../../support/helpers.ts";

const FILES = new FileSync();

const POLICIES: ConflictPolicy[] = ["refuse", "replace", "rename"];

for (const policy of POLICIES) {
  Deno.test(`publish() takes a free name under ${policy}`, async () => {
    await using dir = await tempDir();
    const temp = `${dir.path}/temp`;
    await Deno.writeFile(temp, utf8("new"));
    const published = await publish(temp, dir.path, "a", policy, FILES);
    assertEquals(published, { last: "a", existing: false });
    assertEquals(await Deno.readFile(`${dir.path}/a`), utf8("new"));
  });

  Deno.test(`publish() sees the same content in large files under ${policy}`, async () => {
    await using dir = await tempDir();
    const temp = `${dir.path}/temp`;
    const content = noise(2 ** 20 + 1); // more than is compared at once
    await Deno.writeFile(temp, content);
    await Deno.writeFile(`${dir.path}/a`, content);
    const before = (await Deno.stat(`${dir.path}/a`)).ino;
    const published = await publish(temp, dir.path, "a", policy, FILES);
    assertEquals(published, { last: "a", existing: true });
    assertEquals((await Deno.stat(`${dir.path}/a`)).ino, before);
    assertEquals(await tree(dir.path), ["a", "temp"]);
  });
}

Deno.test("publish() sees a difference in the last byte, and in length alone", async () => {
  await using dir = await tempDir();
  const temp = `${dir.path}/temp`;
  const content = noise(2 ** 20 + 1);
  await Deno.writeFile(temp, content);
  const last = content.slice();
  last[2 ** 20]! ^= 1;
  for (const other of [last, content.subarray(1), new Uint8Array(0)]) {
    await Deno.writeFile(`${dir.path}/a`, other);
    const error = await assertRejects(
      () => publish(temp, dir.path, "a", "refuse", FILES),
      TransferError,
      'Cannot store "a": other content has that name already',
    );
    assertEquals(error.code, "rejected");
    assertEquals(await Deno.readFile(`${dir.path}/a`), other);
  }
});

Deno.test("publish() replaces in one step: the name is never absent and never half", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  const versions = ["one", "two"].map((text) => text.repeat(10_000));
  await Deno.writeTextFile(path, versions[0]!);
  let replacing = true;
  const looking = (async () => {
    let looks = 0;
    while (replacing || looks === 0) {
      const seen = await Deno.readTextFile(path); // throws where it is absent
      assertEquals(versions.includes(seen), true, `${seen.length} characters`);
      looks++;
    }
  })();
  for (let turn = 1; turn <= 50; turn++) {
    const temp = `${dir.path}/temp`;
    await Deno.writeTextFile(temp, versions[turn % 2]!);
    await publish(temp, dir.path, "a", "replace", FILES);
  }
  replacing = false;
  await looking;
});

Deno.test("publish() replaces no directory, empty or not", async () => {
  await using dir = await tempDir();
  const temp = `${dir.path}/temp`;
  await Deno.writeFile(temp, utf8("new"));
  await Deno.mkdir(`${dir.path}/empty`);
  await Deno.mkdir(`${dir.path}/full/inner`, { recursive: true });
  for (const name of ["empty", "full"]) {
    const error = await assertRejects(
      () => publish(temp, dir.path, name, "replace", FILES),
      TransferError,
    );
    assertEquals(error.code, "rejected");
  }
  assertEquals(await tree(dir.path), [
    "empty/",
    "full/",
    "full/inner/",
    "temp",
  ]);
});

Deno.test("publish() opens nothing that is no regular file", async () => {
  await using dir = await tempDir();
  const temp = `${dir.path}/temp`;
  await Deno.writeFile(temp, new Uint8Array(0));
  // A socket has length 0 too; a look into it would fail or wait for ever.
  using _socket = Deno.listen({ transport: "unix", path: `${dir.path}/a` });
  await assertRejects(
    () => publish(temp, dir.path, "a", "refuse", FILES),
    TransferError,
    "other content has that name already",
  );
});

/** Makes the next calls of link(2) find a name that is gone a moment later. */
function takenFor(calls: number): Disposable {
  const { link } = Deno;
  Deno.link = async (...names) => {
    if (calls-- > 0) throw new Deno.errors.AlreadyExists();
    await link(...names);
  };
  return { [Symbol.dispose]: () => void (Deno.link = link) };
}

for (const policy of POLICIES) {
  Deno.test(`publish() takes a name that becomes free meanwhile under ${policy}`, async () => {
    await using dir = await tempDir();
    const temp = `${dir.path}/temp`;
    await Deno.writeFile(temp, utf8("new"));
    using _ = takenFor(2);
    const published = await publish(temp, dir.path, "a", policy, FILES);
    assertEquals(published, { last: "a", existing: false });
    assertEquals(await Deno.readFile(`${dir.path}/a`), utf8("new"));
  });
}

Deno.test("publish() gives a name up that is taken and free again and again", async () => {
  await using dir = await tempDir();
  const temp = `${dir.path}/temp`;
  await Deno.writeFile(temp, utf8("new"));
  using _ = takenFor(Infinity);
  await assertRejects(
    () => publish(temp, dir.path, "a", "refuse", FILES),
    TransferError,
    "other content has that name already",
  );
});
