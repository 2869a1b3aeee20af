import { assert, assertEquals } from "@std/assert";
import { Temps } from "../lib/temps.ts";
import { noise, tempDir, tree } from "./helpers.ts";

const PARTS = ["d", "a"];
const LOCKED = { mode: 0o600, lock: true };

Deno.test("Temps.create() never opens what is there already", async () => {
  await using dir = await tempDir();
  const temps = new Temps(dir.path);
  const made = await Promise.all(
    Array.from({ length: 20 }, () => temps.create(PARTS, LOCKED)),
  );
  for (const { file } of made) file.close();
  assertEquals(new Set(made.map(({ path }) => path)).size, 20);
  for (const name of await tree(dir.path)) {
    assert(/^\.halfclose-[0-9a-f]{16}-[0-9a-f]{24}$/.test(name), name);
  }
});

Deno.test("Temps.adopt() takes the longest that nobody owns, of that name only", async () => {
  await using dir = await tempDir();
  const temps = new Temps(dir.path);
  for (const length of [10, 30, 20]) {
    const { file } = await temps.create(PARTS, LOCKED);
    await file.write(noise(length));
    file.close();
  }
  const owned = await temps.create(PARTS, LOCKED);
  await owned.file.write(noise(40));
  assertEquals(await temps.adopt(["other"]), undefined);
  const sizes: number[] = [];
  const adopted = [];
  for (let temp; (temp = await temps.adopt(PARTS)) !== undefined;) {
    sizes.push((await temp.file.stat()).size);
    adopted.push(temp);
  }
  assertEquals(sizes, [30, 20, 10]); // and each of them is owned from then on
  for (const { file } of [...adopted, owned]) file.close();
});

Deno.test("Temps does not adopt a symbolic link that has a partial's name", async () => {
  await using dir = await tempDir();
  const temps = new Temps(dir.path);
  const { path, file } = await temps.create(PARTS, LOCKED);
  file.close();
  await Deno.rename(path, `${dir.path}/elsewhere`);
  await Deno.symlink(`${dir.path}/elsewhere`, path);
  assertEquals(await temps.adopt(PARTS), undefined);
});
