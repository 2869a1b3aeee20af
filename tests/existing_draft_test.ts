import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../lib/errors.ts";
import type { ConflictPolicy } from "../lib/conflict.ts";
import { directorySink } from "../lib/store.ts";
import { noise, tempDir, tree } from "./helpers.ts";

const MIB = 1_048_576;
const CONTENT = noise(MIB + 10);

/** Opens a draft where a file of the announced length is there already. */
async function openTaken(root: string, onConflict: ConflictPolicy) {
  await Deno.writeFile(`${root}/a`, CONTENT);
  const sink = directorySink(root, { onConflict });
  const entry = { kind: "file", name: "a", size: CONTENT.length } as const;
  return await sink.open(entry);
}

Deno.test("a file that is there is held, whole and proven", async () => {
  await using dir = await tempDir();
  const draft = await openTaken(dir.path, "refuse");
  assertEquals(draft.resumable?.length, CONTENT.length);
  await draft.resumable?.start(CONTENT.length);
  assertEquals(await draft.commit(), {
    name: "a",
    durable: true,
    existing: true,
  });
  assertEquals(await tree(dir.path), ["a"]);
});

Deno.test("a file that is there is not touched when other bytes come under refuse", async () => {
  await using dir = await tempDir();
  const draft = await openTaken(dir.path, "refuse");
  const error = await assertRejects(
    () => draft.resumable!.start(MIB),
    TransferError,
    "other content has that name",
  );
  assertEquals(error.code, "rejected");
  await draft.abort();
  assertEquals(await Deno.readFile(`${dir.path}/a`), CONTENT);
  assertEquals(await tree(dir.path), ["a"]);
});

for (
  const [policy, name] of [["replace", "a"], ["rename", "a (1)"]] as const
) {
  Deno.test(`what agrees is copied and the rest taken under ${policy}`, async () => {
    await using dir = await tempDir();
    const draft = await openTaken(dir.path, policy);
    await draft.resumable!.start(MIB);
    await draft.write(new Uint8Array(10));
    const committed = await draft.commit();
    assertEquals([committed.name, committed.existing], [name, false]);
    const bytes = await Deno.readFile(`${dir.path}/${name}`);
    assertEquals(bytes.subarray(0, MIB), CONTENT.subarray(0, MIB));
    assertEquals(bytes.subarray(MIB), new Uint8Array(10));
  });
}

Deno.test("a file that is changed after it was shown is not vouched for", async () => {
  await using dir = await tempDir();
  const draft = await openTaken(dir.path, "refuse");
  await draft.resumable!.start(CONTENT.length);
  await Deno.writeFile(`${dir.path}/a`, noise(3));
  const error = await assertRejects(() => draft.commit(), TransferError);
  assertEquals([error.code, error.retriable], ["rejected", true]);
});
