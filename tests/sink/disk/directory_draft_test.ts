import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { Destination } from "../../../lib/sink/disk/destination.ts";
import { DirectoryDraft } from "../../../lib/sink/disk/directory_draft.ts";
import { tempDir, tree } from "../../support/helpers.ts";

const DIRECTORY = { kind: "directory", name: "d" } as const;

Deno.test("DirectoryDraft makes nothing before its commit", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const dropped = new DirectoryDraft(to, DIRECTORY, ["d"]);
  await dropped.abort();
  await assertRejects(() => dropped.commit(), TransferError);
  const draft = new DirectoryDraft(to, DIRECTORY, ["d"]);
  assertEquals(await tree(dir.path), []);
  const committed = { name: "d", durable: true, existing: false };
  assertEquals(await draft.commit(), committed);
  assertEquals(await tree(dir.path), ["d/"]);
});

Deno.test("DirectoryDraft sets time and bits, and no others than those", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  const entry = { ...DIRECTORY, mtime: 5_000, mode: 0o2750 };
  const committed = await new DirectoryDraft(to, entry, ["d"]).commit();
  assertEquals(committed.existing, false);
  const { mtime, mode } = await Deno.stat(`${dir.path}/d`);
  assertEquals([mtime?.getTime(), mode! & 0o7777], [5_000, 0o750]);
});

for (const policy of ["refuse", "rename", "replace"] as const) {
  Deno.test(`DirectoryDraft opens nobody's directory under ${policy}`, async () => {
    await using dir = await tempDir();
    await Deno.mkdir(`${dir.path}/d`, { mode: 0o700 });
    const to = new Destination(dir.path, { onConflict: policy });
    const entry = { ...DIRECTORY, mtime: 5_000, mode: 0o777 };
    const committed = await new DirectoryDraft(to, entry, ["d"]).commit();
    assertEquals(committed.existing, true);
    const { mtime, mode } = await Deno.stat(`${dir.path}/d`);
    const bits = policy === "replace" ? 0o777 : 0o700;
    assertEquals([mtime?.getTime(), mode! & 0o777], [5_000, bits]);
  });
}
