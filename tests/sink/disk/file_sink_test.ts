import { assertEquals, assertStringIncludes } from "@std/assert";
import { serve } from "../../../lib/server/serve.ts";
import { fileSink } from "../../../lib/sink/disk/mod.ts";
import { sendAll } from "../../../lib/transfer/sender/send.ts";
import { rejectsWith, tempDir, tree, utf8 } from "../../support/helpers.ts";
import { failing } from "../../support/scripted.ts";
import { put } from "../../support/store_place.ts";

Deno.test("fileSink() puts the first file under its own name, whatever theirs", async () => {
  await using dir = await tempDir();
  const sink = fileSink(`${dir.path}/mine`);
  const committed = await put(sink, { name: "../theirs" }, utf8("hi"));
  assertEquals(committed, { name: "mine", durable: true, existing: false });
  assertEquals(await tree(dir.path), ["mine"]);
  assertEquals(await Deno.readFile(`${dir.path}/mine`), utf8("hi"));
});

Deno.test("fileSink() refuses a second file and any directory", async () => {
  await using dir = await tempDir();
  const sink = fileSink(`${dir.path}/mine`);
  await rejectsWith(
    "rejected",
    () => sink.open({ kind: "directory", name: "d" }),
  );
  await put(sink, { name: "a" }, utf8("hi"));
  await rejectsWith("rejected", () => sink.open({ kind: "file", name: "b" }));
  assertEquals(await tree(dir.path), ["mine"]);
});

for (const onConflict of ["refuse", "replace", "rename"] as const) {
  Deno.test(`fileSink() keeps the first of several files of one transfer (${onConflict})`, async () => {
    await using dir = await tempDir();
    const path = `${dir.path}/mine`;
    await Deno.writeFile(`${dir.path}/a`, utf8("first"));
    await Deno.writeFile(`${dir.path}/b`, utf8("second"));
    await using server = serve({ sink: fileSink(path, { onConflict }) });
    const names: string[] = [];
    const error = await failing(
      sendAll([`${dir.path}/a`, `${dir.path}/b`], server.addr, {
        retry: 3,
        onReceipt: ({ name }) => names.push(name),
        onRetry: () => names.push("retry"),
      }),
    );
    assertEquals([error.code, names], ["rejected", ["mine"]]);
    assertStringIncludes(error.message, "takes one file only");
    assertEquals(await Deno.readFile(path), utf8("first"));
    assertEquals(await tree(dir.path), ["a", "b", "mine"]);
  });
}

Deno.test("fileSink() keeps to the policy where its file is there already", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/mine`;
  await Deno.writeFile(path, utf8("before"));
  const kept = (onConflict: "refuse" | "replace" | "rename", text: string) =>
    put(fileSink(path, { onConflict }), { name: "a" }, utf8(text));
  await rejectsWith("rejected", () => kept("refuse", "other!"));
  assertEquals((await kept("refuse", "before")).existing, true);
  assertEquals((await kept("rename", "other!")).name, "mine (1)");
  assertEquals((await kept("replace", "other!")).name, "mine");
  assertEquals(await Deno.readFile(path), utf8("other!"));
  assertEquals(await tree(dir.path), ["mine", "mine (1)"]);
});
