import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { Item } from "../../lib/source/item.ts";
import { type PathOptions, walk } from "../../lib/source/walk.ts";
import { run, Running } from "../support/children.ts";
import { sh, shell } from "../support/commands.ts";
import {
  noise,
  readAll,
  rejectsWith,
  tempDir,
  utf8,
} from "../support/helpers.ts";

async function itemsOf(path: string, options: PathOptions = {}) {
  const items: Item[] = [];
  for await (const item of walk(path, options)) items.push(item);
  return items;
}

async function namesOf(path: string, options: PathOptions = {}) {
  const items = await itemsOf(path, options);
  return items.map(({ entry }) =>
    entry.name + (entry.kind === "directory" ? "/" : "")
  );
}

/** Collects what is left out. */
function skips(): Required<Pick<PathOptions, "onSkip">> & { found: string[] } {
  const found: string[] = [];
  return {
    found,
    onSkip: (path, reason) => found.push(`${path}: ${reason}`),
  };
}

async function refusal(path: string, options: PathOptions = {}) {
  const error = await assertRejects(
    () => itemsOf(path, options),
    TransferError,
  );
  assertEquals(error.code, "source");
  return error.message;
}

Deno.test("walk() of a file announces its last part, size and time", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a.bin`;
  await Deno.writeFile(path, noise(10));
  await Deno.utime(path, 1, 1);
  const [item, ...others] = await itemsOf(path);
  const entry = { kind: "file", name: "a.bin", size: 10, mtime: 1000 } as const;
  assertEquals(item?.entry, entry);
  assertEquals(others, []);
  const [named] = await itemsOf(path, { name: "d/other" });
  assertEquals(named?.entry.name, "d/other");
});

Deno.test("walk() of a directory gives its content first, in order, then itself", async () => {
  await using dir = await tempDir();
  const root = `${dir.path}/top`;
  await Deno.mkdir(`${root}/b/inner`, { recursive: true });
  await Deno.mkdir(`${root}/empty`);
  for (
    const name of ["c", "a", "b/z", "-rf", "with space", 'quote"s', "é 日本"]
  ) {
    await Deno.writeFile(`${root}/${name}`, utf8(name));
  }
  const all = [
    "top/-rf",
    "top/a",
    "top/b/inner/",
    "top/b/z",
    "top/b/",
    "top/c",
    "top/empty/",
    'top/quote"s',
    "top/with space",
    "top/é 日本",
    "top/",
  ];
  assertEquals(await namesOf(root), all);
  assertEquals(await namesOf(`${root}/`), all);
  assertEquals(await namesOf(`${root}/b/..`), all);
});

Deno.test("walk() announces no size for a directory, and its time", async () => {
  await using dir = await tempDir();
  const root = `${dir.path}/d`;
  await Deno.mkdir(root);
  await Deno.utime(root, 5, 5);
  const [item] = await itemsOf(root);
  assertEquals(item?.entry, { kind: "directory", name: "d", mtime: 5000 });
});

Deno.test("walk() announces permission bits only where they are to be kept", async () => {
  await using dir = await tempDir();
  const root = `${dir.path}/d`;
  await Deno.mkdir(root);
  await Deno.writeFile(`${root}/a`, noise(1));
  await Deno.chmod(`${root}/a`, 0o4750);
  await Deno.chmod(root, 0o700);
  const modes = async (options: PathOptions) =>
    (await itemsOf(root, options)).map(({ entry }) => entry.mode);
  assertEquals(await modes({}), [undefined, undefined]);
  assertEquals(await modes({ preserve: true }), [0o750, 0o700]);
});

Deno.test("walk() leaves out links and what is no file below a directory, and says so", async () => {
  await using dir = await tempDir();
  const root = `${dir.path}/d`;
  await Deno.mkdir(`${root}/real`, { recursive: true });
  await Deno.writeFile(`${root}/a`, noise(1));
  await Deno.symlink("a", `${root}/file-link`);
  await Deno.symlink("real", `${root}/directory-link`);
  await Deno.symlink("..", `${root}/loop`);
  await Deno.symlink("nowhere", `${root}/dangling`);
  using _socket = Deno.listen({ transport: "unix", path: `${root}/socket` });
  await run("mkfifo", `${root}/pipe`);
  const left = skips();
  assertEquals(await namesOf(root, left), ["d/a", "d/real/", "d/"]);
  assertEquals(left.found, [
    `${root}/dangling: it is a symbolic link`,
    `${root}/directory-link: it is a symbolic link`,
    `${root}/file-link: it is a symbolic link`,
    `${root}/loop: it is a symbolic link`,
    `${root}/pipe: it is not a regular file`,
    `${root}/socket: it is not a regular file`,
  ]);
});

Deno.test("walk() follows a link that is the path itself", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/real`);
  await Deno.writeFile(`${dir.path}/real/a`, noise(7));
  await Deno.symlink("real", `${dir.path}/link`);
  await Deno.symlink("real/a", `${dir.path}/file`);
  assertEquals(await namesOf(`${dir.path}/link`), ["link/a", "link/"]);
  const [item] = await itemsOf(`${dir.path}/file`);
  assertEquals([item?.entry.name, item?.entry.size], ["file", 7]);
});

Deno.test("walk() of a pipe is a stream of unknown length, opened when it is read", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/pipe`;
  await run("mkfifo", path);
  const [item] = await itemsOf(path); // which waits for nobody
  assertEquals(item?.entry, { kind: "file", name: "pipe" });
  const writing = Deno.writeFile(path, noise(70_000), { create: false });
  await using reading = await item!.open("sha256");
  assertEquals(await readAll(reading, 70_001), noise(70_000));
  await writing;
  item!.release!();
});

Deno.test("walk() of a pipe gives it back when it is released before its end", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/pipe`;
  await run("mkfifo", path);
  const [item] = await itemsOf(path);
  const [program, ...args] = shell(sh`exec yes >"$1"`, path);
  await using writing = new Running(program, args);
  await using reading = await item!.open("sha256");
  await reading.read(new Uint8Array(1));
  item!.release!();
  // It would write for ever if anybody still had the other end.
  assert(await writing.code() !== 0);
});

Deno.test("walk() of a pipe that cannot be opened says so when it is read", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/pipe`;
  await run("mkfifo", path);
  const [item] = await itemsOf(path);
  await Deno.remove(path);
  await using reading = await item!.open("sha256");
  await rejectsWith(
    "source",
    () => reading.read(new Uint8Array(1)),
    'Cannot read "pipe": ',
  );
  item!.release!();
});

Deno.test("walk() refuses a name that no receiver takes, before anything else is sent", async () => {
  await using dir = await tempDir();
  const root = `${dir.path}/d`;
  await Deno.mkdir(root);
  await Deno.writeFile(`${root}/line\nbreak`, noise(1));
  assertEquals(
    await refusal(root),
    `Cannot send "${root}/line\\u{a}break": its name holds a control ` +
      "character; rename it, or leave such files out with --skip-unsendable",
  );
});

Deno.test("walk() leaves out what no receiver takes where that was asked for", async () => {
  await using dir = await tempDir();
  const root = `${dir.path}/d`;
  await Deno.mkdir(`${root}/back\\slash`, { recursive: true });
  await Deno.writeFile(`${root}/back\\slash/below`, noise(1));
  await Deno.writeFile(`${root}/line\nbreak`, noise(1));
  await Deno.writeFile(`${root}/nul.txt`, noise(1));
  await Deno.writeFile(`${root}/good`, noise(1));
  const left = skips();
  const names = await namesOf(root, { ...left, skipUnsendable: true });
  assertEquals(names, ["d/good", "d/"]);
  assertEquals(left.found, [
    `${root}/back\\slash: its name holds a backslash`,
    `${root}/line\nbreak: its name holds a control character`,
    `${root}/nul.txt: its name has a part that is a device on Windows`,
  ]);
});

Deno.test("walk() says of a name that is not UTF-8 that it is not, or leaves it out", async () => {
  await using dir = await tempDir();
  const root = `${dir.path}/d`;
  await Deno.mkdir(root);
  await Deno.writeFile(`${root}/good`, noise(1));
  // Deno itself cannot write such a name.
  await run(...shell(sh`touch "$1/$(printf "bad\377.bin")"`, root));
  const shown = `${root}/bad\uFFFD.bin`;
  assertEquals(
    await refusal(root),
    `Cannot send "${shown}": its name is not UTF-8; ` +
      "rename it, or leave such files out with --skip-unsendable",
  );
  const left = skips();
  const names = await namesOf(root, { ...left, skipUnsendable: true });
  assertEquals(names, ["d/good", "d/"]);
  assertEquals(left.found, [`${shown}: its name is not UTF-8`]);
});

Deno.test("walk() says of a path that is not UTF-8 that it is not", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/bad\uFFFD`; // as such an argument arrives
  assertEquals(
    await refusal(path),
    `Cannot send "${path}": its name is not UTF-8`,
  );
});

Deno.test("walk() sends a name with a real replacement character in it", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/\uFFFD`, noise(1));
  assertEquals(await namesOf(`${dir.path}/\uFFFD`), ["\uFFFD"]);
});

Deno.test("walk() rejects with source where there is nothing", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/none`;
  assertEquals(
    await refusal(path),
    `Cannot send "${path}": there is no such file or directory`,
  );
  await Deno.symlink("none", `${dir.path}/dangling`);
  assert((await refusal(`${dir.path}/dangling`)).includes("there is no such"));
});

Deno.test("walk() walks no further than it is asked", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, noise(1));
  await Deno.writeFile(`${dir.path}/line\nbreak`, noise(1));
  for await (const item of walk(dir.path, { name: "d" })) {
    assertEquals(item.entry.name, "d/a");
    break;
  }
});
