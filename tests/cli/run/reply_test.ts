import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { Reply } from "../../../lib/cli/run/reply.ts";
import { run } from "../../support/children.ts";
import { tempDir, tree, utf8 } from "../../support/helpers.ts";

Deno.test("Reply leaves what a file holds until somebody is there to answer", async () => {
  await using dir = await tempDir();
  const [path, none] = [`${dir.path}/reply`, `${dir.path}/none`];
  await Deno.writeTextFile(path, "an earlier answer");
  using reply = await Reply.open(path, "-", 5_000);
  using _unused = await Reply.open(none, "-", 5_000);
  assertEquals(await Deno.readTextFile(path), "an earlier answer");
  assertEquals(await tree(dir.path), ["reply"]);
  reply.begin();
  await reply.write(utf8("220 "));
  await reply.write(utf8("ok"));
  assertEquals(await Deno.readTextFile(path), "220 ok");
});

Deno.test("Reply is never the source, whatever it is called", async () => {
  await using dir = await tempDir();
  const source = `${dir.path}/source`;
  await Deno.writeTextFile(source, "bytes");
  await Deno.symlink(source, `${dir.path}/link`);
  for (const path of [source, `${dir.path}/link`]) {
    const error = await assertRejects(
      () => Reply.open(path, source, 5_000),
      TransferError,
      "it is what is to be sent",
    );
    assertEquals(error.code, "usage");
  }
  assertEquals(await Deno.readTextFile(source), "bytes");
});

Deno.test("Reply says early that a file cannot be written", async () => {
  await using dir = await tempDir();
  const error = await assertRejects(
    () => Reply.open(dir.path, "-", 5_000),
    TransferError,
    `Cannot write "${dir.path}"`,
  );
  assertEquals(error.code, "local-io");
});

Deno.test("Reply says that the reader of its pipe has left", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/pipe`;
  await run("mkfifo", path);
  const reader = Deno.open(path); // each end waits for the other
  using reply = await Reply.open(path, "-", 5_000);
  (await reader).close();
  reply.begin();
  await assertRejects(() => reply.write(utf8("220 ")), Deno.errors.BrokenPipe);
});

Deno.test("Reply goes into a pipe, too", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/pipe`;
  await run("mkfifo", path);
  const reader = run("cat", path);
  {
    using reply = await Reply.open(path, path, 5_000);
    reply.begin();
    await reply.write(utf8("220 ok"));
  }
  assertEquals(await reader, "220 ok");
});

Deno.test("Reply leaves it to others to miss the source", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/reply`;
  await Deno.writeTextFile(path, "an earlier answer");
  using reply = await Reply.open(path, `${dir.path}/none`, 5_000);
  assertEquals(await tree(dir.path), ["reply"]);
  reply.begin();
  await reply.write(utf8("ok"));
  assertEquals(await Deno.readTextFile(path), "ok");
});
