import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { FileSync } from "../../../lib/sink/disk/file_sync.ts";
import { tempDir } from "../../support/helpers.ts";

/** An open file whose first sync fails; later ones lie, as Linux does. */
function failing(file: Deno.FsFile) {
  let syncs = 0;
  return {
    stat: () => file.stat(),
    sync: () =>
      syncs++ === 0 ? Promise.reject(new Error("EIO")) : Promise.resolve(),
    get syncs() {
      return syncs;
    },
  };
}

Deno.test("FileSync asks the disk once about a file that failed, however often it is opened", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  const files = new FileSync();
  using file = await Deno.create(path);
  const bad = failing(file);
  await assertRejects(() => files.sync(bad), Error, "EIO");
  using again = await Deno.open(path);
  for (const one of [bad, again]) {
    const error = await assertRejects(() => files.sync(one), TransferError);
    assertEquals(error.code, "local-io");
  }
  assertEquals(bad.syncs, 1);
});

Deno.test("FileSync holds nothing against other files, nor a new one of that name", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  const files = new FileSync();
  {
    using file = await Deno.create(path);
    await assertRejects(() => files.sync(failing(file)), Error, "EIO");
  }
  await Deno.remove(path);
  using fresh = await Deno.create(path);
  await files.sync(fresh);
});
