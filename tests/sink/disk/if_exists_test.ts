import { assertEquals, assertRejects } from "@std/assert";
import {
  lstatIfThere,
  removeIfThere,
} from "../../../lib/sink/disk/if_exists.ts";
import { tempDir, utf8 } from "../../support/helpers.ts";

Deno.test("lstatIfThere() does not follow, and is null where nothing is", async () => {
  await using dir = await tempDir();
  await Deno.symlink("/nowhere", `${dir.path}/link`);
  assertEquals((await lstatIfThere(`${dir.path}/link`))?.isSymlink, true);
  assertEquals(await lstatIfThere(`${dir.path}/none`), null);
  await Deno.writeFile(`${dir.path}/file`, utf8("x"));
  await assertRejects(
    () => lstatIfThere(`${dir.path}/file/below`),
    Deno.errors.NotADirectory,
  );
});

Deno.test("removeIfThere() forgives that nothing is there, and nothing else", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/file`, "");
  await removeIfThere(`${dir.path}/file`);
  assertEquals(await lstatIfThere(`${dir.path}/file`), null);
  await removeIfThere(`${dir.path}/file`);
  await Deno.mkdir(`${dir.path}/full/below`, { recursive: true });
  await assertRejects(() => removeIfThere(`${dir.path}/full`), Error);
});
