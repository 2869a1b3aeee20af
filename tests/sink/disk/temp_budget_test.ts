import { assertEquals, assertRejects } from "@std/assert";
import { Destination } from "../../../lib/sink/disk/destination.ts";
import {
  closeTemp,
  createTemp,
  removeTemp,
} from "../../../lib/sink/disk/temp_budget.ts";
import { tempDir, tree } from "../../support/helpers.ts";

const ALL = 512;
const never = () => new AbortController().signal;

/** Whether all descriptors are there. */
async function isComplete(to: Destination): Promise<boolean> {
  try {
    await to.descriptors.acquire(ALL, { patience: 0 });
    to.descriptors.release(ALL);
    return true;
  } catch {
    return false;
  }
}

Deno.test("createTemp() takes a descriptor; closeTemp() and removeTemp() give it back", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  for (const [end, left] of [[closeTemp, 1], [removeTemp, 0]] as const) {
    const temp = await createTemp(to, [end.name], 0o600, never());
    assertEquals(await isComplete(to), false);
    await end(to, temp);
    assertEquals(await isComplete(to), true);
    const names = await tree(dir.path);
    assertEquals(names.length, left);
    for (const name of names) await Deno.remove(`${dir.path}/${name}`);
  }
});

Deno.test("createTemp() and removeTemp() give the descriptor back where the disk fails", async () => {
  await using dir = await tempDir();
  const gone = new Destination(`${dir.path}/none`, {});
  await assertRejects(
    () => createTemp(gone, ["a"], 0o600, never()),
    Deno.errors.NotFound,
  );
  assertEquals(await isComplete(gone), true);
  const to = new Destination(dir.path, {});
  const temp = await createTemp(to, ["a"], 0o600, never());
  const { remove } = Deno;
  Deno.remove = () => Promise.reject(new Error("EIO"));
  try {
    await assertRejects(() => removeTemp(to, temp), Error, "EIO");
  } finally {
    Deno.remove = remove;
  }
  assertEquals(await isComplete(to), true);
});

Deno.test("createTemp() makes no file when its wait for a descriptor is aborted", async () => {
  await using dir = await tempDir();
  const to = new Destination(dir.path, {});
  await to.descriptors.acquire(ALL);
  const leaving = new AbortController();
  const creating = assertRejects(
    () => createTemp(to, ["a"], 0o600, leaving.signal),
    Error,
    "leaves",
  );
  leaving.abort(new Error("leaves"));
  await creating;
  assertEquals(await tree(dir.path), []);
});
