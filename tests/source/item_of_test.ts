import { assertEquals } from "@std/assert";
import { itemOf } from "../../lib/source/item_of.ts";
import { run } from "../support/children.ts";
import {
  noise,
  readAll,
  rejectsWith,
  tempDir,
  utf8,
} from "../support/helpers.ts";

const MIB = 1_048_576;

Deno.test("itemOf() announces bytes with their length, a stream without one", async () => {
  const bytes = await itemOf(noise(10), { name: "a" });
  assertEquals(bytes.entry, { kind: "file", name: "a", size: 10 });
  const stream = await itemOf(ReadableStream.from([noise(10)]), {});
  assertEquals(stream.entry, { kind: "file", name: "stdin" });
  for (const item of [bytes, stream]) {
    await using reading = await item.open("sha256");
    assertEquals(await readAll(reading), noise(10));
  }
});

Deno.test("itemOf() announces a file by its last part, with bits where they are to be kept", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await Deno.writeFile(path, noise(10));
  await Deno.chmod(path, 0o640);
  await Deno.utime(path, 1, 1);
  const entry = { kind: "file", name: "a", size: 10, mtime: 1000 } as const;
  assertEquals((await itemOf(path, {})).entry, entry);
  const kept = await itemOf(path, { name: "b", preserve: true });
  assertEquals(kept.entry, { ...entry, name: "b", mode: 0o640 });
});

Deno.test("itemOf() judges no name: raw mode sends none", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/line\nbreak`;
  await Deno.writeFile(path, utf8("x"));
  assertEquals((await itemOf(path, {})).entry.name, "line\nbreak");
});

Deno.test("itemOf() refuses a directory, and a path where nothing is", async () => {
  await using dir = await tempDir();
  await rejectsWith(
    "usage",
    () => itemOf(dir.path, {}),
    "it is a directory, and this takes one file",
  );
  await rejectsWith(
    "source",
    () => itemOf(`${dir.path}/none`, {}),
    "there is no such file or directory",
  );
});

Deno.test("itemOf() of a pipe is a stream, and closes it when it is released", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/pipe`;
  await run("mkfifo", path);
  const item = await itemOf(path, {}); // which waits for nobody
  assertEquals(item.entry, { kind: "file", name: "pipe" });
  const writing = Deno.writeFile(path, noise(10), { create: false });
  await using reading = await item.open("sha256");
  assertEquals(await readAll(reading, 11), noise(10));
  await writing;
  item.release!(); // else the test's sanitizer finds the descriptor
});

Deno.test("itemOf() cancels a stream that it is released of, with the reason", async () => {
  let heard: unknown;
  const stream = new ReadableStream<Uint8Array>({
    cancel(reason) {
      heard = reason;
    },
  });
  const item = await itemOf(stream, {});
  const reason = new Error("why");
  item.release!(reason);
  assertEquals(heard, reason);
});

Deno.test("itemOf() remembers less of a stream that is sent once only", async () => {
  const rewind = async (retry?: number) => {
    const options = retry === undefined ? {} : { retry };
    const item = await itemOf(ReadableStream.from([noise(1)]), options);
    await using reading = await item.open("sha256");
    return reading.maxRewind;
  };
  assertEquals(await rewind(), 2 * MIB);
  assertEquals(await rewind(0), 2 * MIB);
  assertEquals(await rewind(1), 32 * MIB);
});
