import { assert, assertEquals } from "@std/assert";
import { directorySink } from "../../../lib/sink/disk/mod.ts";
import { run } from "../../support/children.ts";
import { conflictContract } from "../../support/conflict_contract.ts";
import {
  noise,
  rejectsWith,
  tempDir,
  tree,
  utf8,
} from "../../support/helpers.ts";
import { needs } from "../../support/needs.ts";
import { storeContract } from "../../support/store_contract.ts";
import { type OpenPlace, put } from "../../support/store_place.ts";

const place: OpenPlace = async (onConflict) => {
  const dir = await tempDir();
  return {
    sink: directorySink(dir.path, onConflict ? { onConflict } : {}),
    durable: true,
    names: () => tree(dir.path),
    content: (name) => Deno.readFile(`${dir.path}/${name}`),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
};

storeContract("directorySink()", place);
conflictContract("directorySink()", place);

Deno.test("directorySink() keeps drafts under the reserved prefix, each its own", async () => {
  await using dir = await tempDir();
  const sink = directorySink(dir.path);
  const first = await sink.open({ kind: "file", name: "d/a" });
  assertEquals(await tree(dir.path), []); // nothing before the first byte
  const second = await sink.open({ kind: "file", name: "d/a" });
  await Promise.all([first.write(noise(1)), second.write(noise(2))]);
  const temps = await tree(dir.path);
  assertEquals(temps.length, 2);
  for (const temp of temps) {
    assert(/^\.halfclose-[0-9a-f]{16}-[0-9a-f]{24}$/.test(temp));
  }
  await Promise.all([first.abort(), second.abort()]);
  assertEquals(await tree(dir.path), []);
});

Deno.test("directorySink() leaves no draft after a commit that fails", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, utf8("there before"));
  const sink = directorySink(dir.path);
  await rejectsWith(
    "rejected",
    () => put(sink, { name: "a" }, utf8("other")),
  );
  assertEquals(await tree(dir.path), ["a"]);
  assertEquals(await Deno.readFile(`${dir.path}/a`), utf8("there before"));
});

Deno.test("directorySink() refuses early what the commit would refuse for certain", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, noise(10));
  await Deno.mkdir(`${dir.path}/d`);
  const sink = directorySink(dir.path);
  const open = (name: string, size: number) => () =>
    sink.open({ kind: "file", name, size });
  const larger = await rejectsWith("rejected", open("a", 11));
  assertEquals(
    larger.message,
    'Cannot store "a": a file of 10 bytes has that name already',
  );
  await rejectsWith("rejected", open("d", 0));
  await open("a", 10)(); // perhaps the same content: only the commit can know
});

Deno.test("directorySink() takes a name that somebody else took meanwhile for taken", async () => {
  await using dir = await tempDir();
  const draft = await directorySink(dir.path).open({ kind: "file", name: "a" });
  await draft.write(utf8("ours"));
  await Deno.writeFile(`${dir.path}/a`, utf8("theirs"));
  await rejectsWith("rejected", () => draft.commit());
  assertEquals(await Deno.readFile(`${dir.path}/a`), utf8("theirs"));
  assertEquals(await tree(dir.path), ["a"]);
});

for (const onConflict of ["refuse", "replace", "rename"] as const) {
  Deno.test(`directorySink() passes through no symbolic link under ${onConflict}`, async () => {
    await using outside = await tempDir();
    await using dir = await tempDir();
    await Deno.writeFile(`${outside.path}/a`, noise(10));
    await Deno.symlink(outside.path, `${dir.path}/link`);
    await Deno.mkdir(`${dir.path}/d`);
    await Deno.symlink("../link", `${dir.path}/d/link`);
    await Deno.symlink("/nowhere", `${dir.path}/dangling`);
    const before = await tree(dir.path);
    const sink = directorySink(dir.path, { onConflict });
    for (const parent of ["link", "d/link", "dangling"]) {
      for (const size of [10, 11]) {
        const error = await rejectsWith(
          "rejected",
          () => put(sink, { name: `${parent}/a`, size }, noise(size)),
        );
        // Nothing is told of what is out there, not even a length.
        assert(error.message.endsWith("it is a symbolic link"), error.message);
      }
      await rejectsWith(
        "rejected",
        () => put(sink, { name: `${parent}/new` }, noise(1)),
      );
      for (const name of [parent, `${parent}/d`]) {
        const draft = await sink.open({ kind: "directory", name });
        await rejectsWith("rejected", () => draft.commit());
      }
    }
    assertEquals(await tree(dir.path), before);
    assertEquals(await tree(outside.path), ["a"]);
    assertEquals(await Deno.readFile(`${outside.path}/a`), noise(10));
  });
}

Deno.test("directorySink() does not follow a symbolic link that has the final name", async () => {
  await using outside = await tempDir();
  const target = `${outside.path}/target`;
  await Deno.writeFile(target, utf8("theirs"));
  for (const to of [target, `${outside.path}/nothing`]) {
    for (
      const [onConflict, name] of [["replace", "a"], [
        "rename",
        "a (1)",
      ]] as const
    ) {
      await using dir = await tempDir();
      await Deno.symlink(to, `${dir.path}/a`);
      const refusing = directorySink(dir.path);
      for (const text of ["theirs", "others"]) {
        await rejectsWith(
          "rejected",
          () => put(refusing, { name: "a" }, utf8(text)),
        );
      }
      assertEquals(await tree(dir.path), ["a@"]);
      const sink = directorySink(dir.path, { onConflict });
      const committed = await put(sink, { name: "a" }, utf8("theirs"));
      assertEquals([committed.name, committed.existing], [name, false]);
      assert((await Deno.lstat(`${dir.path}/${name}`)).isFile);
    }
  }
  assertEquals(await Deno.readFile(target), utf8("theirs"));
  assertEquals(await tree(outside.path), ["target"]);
});

Deno.test("directorySink() lands below a root that is a symbolic link itself", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/real`);
  await Deno.symlink("real", `${dir.path}/link`);
  await put(directorySink(`${dir.path}/link`), { name: "d/a" }, noise(1));
  assertEquals(await tree(`${dir.path}/real`), ["d/", "d/a"]);
});

Deno.test("directorySink() keeps modification times, before 1970 and after 2038 too", async () => {
  await using dir = await tempDir();
  const sink = directorySink(dir.path);
  for (const mtime of [0, -86_400_000, 1_234_567_890_123, 2_200_000_000_001]) {
    await put(sink, { name: `f${mtime}`, mtime }, noise(3));
    const { mtime: kept } = await Deno.stat(`${dir.path}/f${mtime}`);
    assertEquals(kept?.getTime(), mtime);
  }
  const entry = { kind: "directory", name: "d", mtime: 1_000 } as const;
  await (await sink.open(entry)).commit();
  assertEquals((await Deno.stat(`${dir.path}/d`)).mtime?.getTime(), 1_000);
});

async function modeOf(path: string): Promise<string> {
  return ((await Deno.stat(path)).mode! & 0o7777).toString(8);
}

Deno.test("directorySink() keeps permission bits where they came, and only those", async () => {
  await using dir = await tempDir();
  const sink = directorySink(dir.path);
  const plain = (0o666 & ~Deno.umask()).toString(8);
  await put(sink, { name: "plain" }, noise(1));
  assertEquals(await modeOf(`${dir.path}/plain`), plain);
  for (
    const [mode, kept] of [[0o755, "755"], [0o600, "600"], [
      0o7777,
      "777",
    ]] as const
  ) {
    await put(sink, { name: kept, mode }, noise(1));
    assertEquals(await modeOf(`${dir.path}/${kept}`), kept);
    const entry = { kind: "directory", name: `d${kept}`, mode } as const;
    await (await sink.open(entry)).commit();
    assertEquals(await modeOf(`${dir.path}/d${kept}`), kept);
  }
});

Deno.test("directorySink() shows a draft of a private file to nobody else", async () => {
  await using dir = await tempDir();
  const draft = await directorySink(dir.path)
    .open({ kind: "file", name: "secret", mode: 0o600 });
  await draft.write(noise(1));
  const [temp] = await tree(dir.path);
  assertEquals(await modeOf(`${dir.path}/${temp}`), "600");
  await draft.abort();
});

Deno.test("directorySink() rejects with local-io when its directory is gone", async () => {
  await using dir = await tempDir();
  const root = `${dir.path}/gone`;
  const error = await rejectsWith(
    "local-io",
    () => put(directorySink(root), { name: "a" }, noise(1)),
  );
  assert(error.message.startsWith('Cannot store "a": '), error.message);
});

Deno.test("directorySink() rejects with local-io when its directory goes meanwhile", async () => {
  await using dir = await tempDir();
  const root = `${dir.path}/root`;
  await Deno.mkdir(root);
  const draft = await directorySink(root).open({ kind: "file", name: "d/a" });
  await draft.write(noise(1));
  await Deno.remove(root, { recursive: true });
  await rejectsWith("local-io", () => draft.commit());
  assertEquals(await tree(dir.path), []);
});

needs(
  ["mounts"],
  "directorySink() rejects with local-io when the disk is full, and gives the space back",
  async () => {
    await using dir = await tempDir();
    await run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir.path);
    try {
      const sink = directorySink(dir.path);
      const draft = await sink.open({ kind: "file", name: "large" });
      const error = await rejectsWith("local-io", async () => {
        for (let turn = 0; turn < 3; turn++) await draft.write(noise(500_000));
      });
      assert(/No space left on device$/.test(error.message), error.message);
      await draft.abort();
      assertEquals(await tree(dir.path), []);
      await put(sink, { name: "small" }, noise(500_000));
    } finally {
      await run("umount", dir.path);
    }
  },
);

for (const size of [500_000, 3_000_000]) {
  Deno.test(`a file of ${size} bytes that is being written is nobody else's partial (1, 4)`, async () => {
    await using dir = await tempDir();
    const sink = directorySink(dir.path);
    const bytes = noise(size);
    const first = await sink.open({ kind: "file", name: "a", size }, "one");
    await first.write(bytes.subarray(0, size / 2));
    // A pipe of the same name, of a length that nobody knows.
    const other = await sink.open({ kind: "file", name: "a" }, "two");
    assertEquals(other.resumable, undefined);
    await other.write(noise(10));
    await first.write(bytes.subarray(size / 2));
    await first.commit();
    await rejectsWith("rejected", () => other.commit());
    assertEquals(await Deno.readFile(`${dir.path}/a`), bytes);
    assertEquals(await tree(dir.path), ["a"]);
  });
}
