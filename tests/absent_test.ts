import { assertEquals, assertRejects } from "@std/assert";
import { lstat, removeIfThere } from "../lib/absent.ts";
import { tempDir, utf8 } from "./helpers.ts";

Deno.test("lstat() does not follow, and is null where nothing is", async () => {
  await using dir = await tempDir();
  await Deno.symlink("/nowhere", `${dir.path}/link`);
  assertEquals((await lstat(`${dir.path}/link`))?.isSymlink, true);
  assertEquals(await lstat(`${dir.path}/none`), null);
  await Deno.writeFile(`${dir.path}/file`, utf8("x"));
  await assertRejects(
    () => lstat(`${dir.path}/file/below`),
    Deno.errors.NotADirectory,
  );
});

Deno.test("removeIfThere() forgives that nothing is there, and nothing else", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/file`, "");
  await removeIfThere(`${dir.path}/file`);
  assertEquals(await lstat(`${dir.path}/file`), null);
  await removeIfThere(`${dir.path}/file`);
  await Deno.mkdir(`${dir.path}/full/below`, { recursive: true });
  await assertRejects(() => removeIfThere(`${dir.path}/full`), Error);
});
