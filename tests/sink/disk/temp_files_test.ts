import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  discard,
  leave,
  TempFiles,
} from "../../../lib/sink/disk/temp_files.ts";
import { noise, tempDir, tree, utf8 } from "../../support/helpers.ts";

const PARTS = ["d", "a"];
const MODE = 0o600;

Deno.test("TempFiles.create() never opens what is there already", async () => {
  await using dir = await tempDir();
  const temps = new TempFiles(dir.path);
  const made = await Promise.all(
    Array.from({ length: 20 }, () => temps.create(PARTS, MODE)),
  );
  for (const { file } of made) file.close();
  assertEquals(new Set(made.map(({ path }) => path)).size, 20);
  for (const name of await tree(dir.path)) {
    assert(/^\.halfclose-[0-9a-f]{16}-[0-9a-f]{24}$/.test(name), name);
  }
});

Deno.test("TempFiles.openPartial() takes the longest that nobody owns, of that name only", async () => {
  await using dir = await tempDir();
  const temps = new TempFiles(dir.path);
  for (const length of [10, 30, 20]) {
    const { file } = await temps.create(PARTS, MODE);
    await file.write(noise(length));
    file.close();
  }
  const owned = await temps.create(PARTS, MODE);
  await owned.file.write(noise(40));
  assertEquals(await temps.openPartial(["other"], MODE), undefined);
  const sizes: number[] = [];
  const adopted = [];
  for (let temp; (temp = await temps.openPartial(PARTS, MODE)) !== undefined;) {
    sizes.push((await temp.file.stat()).size);
    adopted.push(temp);
  }
  assertEquals(sizes, [30, 20, 10]); // and each of them is owned from then on
  for (const { file } of [...adopted, owned]) file.close();
});

Deno.test("TempFiles does not take over a symbolic link that has a partial's name", async () => {
  await using dir = await tempDir();
  const temps = new TempFiles(dir.path);
  const temp = await temps.create(PARTS, MODE);
  const { path } = temp;
  await leave(temp);
  await Deno.rename(path, `${dir.path}/elsewhere`);
  await Deno.symlink(`${dir.path}/elsewhere`, path);
  assertEquals(await temps.openPartial(PARTS, MODE), undefined);
});

Deno.test("TempFiles.openPartial() never gives what has its final name already (1, 3)", async () => {
  // As a receiver leaves it that dies between link(2) and unlink(2).
  await using dir = await tempDir();
  const temps = new TempFiles(dir.path);
  const { path, file } = await temps.create(PARTS, MODE);
  await file.write(utf8("delivered"));
  await Deno.link(path, `${dir.path}/final`);
  file.close();
  assertEquals(await temps.openPartial(PARTS, MODE), undefined);
  assertEquals(await tree(dir.path), ["final"]);
  assertEquals(await Deno.readTextFile(`${dir.path}/final`), "delivered");
});

Deno.test("TempFiles.openPartial() never gives what got its final name meanwhile (1, 3)", async () => {
  await using dir = await tempDir();
  const temps = new TempFiles(dir.path);
  const { open } = Deno;
  for (const how of ["rename", "link"] as const) {
    const { path, file } = await temps.create(PARTS, MODE);
    await file.write(utf8("delivered"));
    // Its owner finishes right between the opening and the lock.
    Deno.open = async (...args) => {
      Deno.open = open;
      const opened = await open(...args);
      if (how === "rename") await Deno.rename(path, `${dir.path}/${how}`);
      else {
        await Deno.link(path, `${dir.path}/${how}`);
        await Deno.remove(path);
      }
      file.close();
      return opened;
    };
    try {
      assertEquals(await temps.openPartial(PARTS, MODE), undefined);
    } finally {
      Deno.open = open;
    }
    const final = await Deno.readTextFile(`${dir.path}/${how}`);
    assertEquals(final, "delivered");
  }
});

Deno.test("TempFiles.openPartial() never takes what another user made (1, 10)", async () => {
  await using dir = await tempDir();
  const temps = new TempFiles(dir.path);
  const temp = await temps.create(PARTS, MODE);
  const { path } = temp;
  await leave(temp);
  const { open } = Deno;
  Deno.open = async (...args) => {
    const opened = await open(...args);
    if (args[0] === path) {
      const { stat } = opened;
      opened.stat = async () => {
        const info = await stat.call(opened);
        return { ...info, uid: info.uid! + 1 };
      };
    }
    return opened;
  };
  try {
    assertEquals(await temps.openPartial(PARTS, MODE), undefined);
  } finally {
    Deno.open = open;
  }
  assertEquals((await tree(dir.path)).length, 1); // theirs, as it was
});

Deno.test("TempFiles.openPartial() gives a partial the bits that a new file would have", async () => {
  await using dir = await tempDir();
  const temps = new TempFiles(dir.path);
  await leave(await temps.create(PARTS, 0o666));
  for (const mode of [0o600, 0o666]) {
    const fresh = await temps.create(["other"], mode);
    const adopted = await temps.openPartial(PARTS, mode);
    const modes = [fresh, adopted!].map(({ file }) => file.statSync().mode);
    assertEquals(modes[1], modes[0]);
    adopted!.file.close();
    await discard(fresh);
  }
});

Deno.test("TempFiles.openPartial() holds on to nothing where it fails", async () => {
  await using dir = await tempDir();
  const temps = new TempFiles(dir.path);
  await leave(await temps.create(PARTS, MODE));
  const { remove } = Deno;
  Deno.remove = () => Promise.reject(new Error("EIO"));
  try {
    await assertRejects(() => temps.openPartial(PARTS, MODE), Error, "EIO");
  } finally {
    Deno.remove = remove;
  }
  const adopted = await temps.openPartial(PARTS, MODE); // nobody has locked it
  assert(adopted);
  adopted.file.close();
});

Deno.test("TempFiles sweeps nothing that it did not make", async () => {
  await using dir = await tempDir();
  const temps = new TempFiles(dir.path);
  await leave(await temps.create(PARTS, MODE)); // left behind
  await Deno.writeTextFile(`${dir.path}/.halfclose-key`, "somebody's");
  const { now } = Date;
  Date.now = () => now() + 30 * 24 * 60 * 60 * 1000;
  try {
    await new TempFiles(dir.path).openPartial(["other"], MODE);
  } finally {
    Date.now = now;
  }
  assertEquals(await tree(dir.path), [".halfclose-key"]);
});

Deno.test("discard() keeps the lock until the name is gone", async () => {
  await using dir = await tempDir();
  const temps = new TempFiles(dir.path);
  const temp = await temps.create(PARTS, MODE);
  const { remove } = Deno;
  const adopted: unknown[] = [];
  Deno.remove = async (...args) => {
    Deno.remove = remove;
    adopted.push(await temps.openPartial(PARTS, MODE));
    await remove(...args);
  };
  try {
    await discard(temp);
  } finally {
    Deno.remove = remove;
  }
  assertEquals([adopted, await tree(dir.path)], [[undefined], []]);
});

Deno.test("TempFiles sweeps again and again, not only when it begins", async () => {
  await using dir = await tempDir();
  const temps = new TempFiles(dir.path);
  const { now } = performance, { now: date } = Date;
  await leave(await temps.create(PARTS, MODE)); // left behind
  const day = 24 * 60 * 60 * 1000;
  try {
    for (const [days, left] of [[0.5, 1], [1.1, 0]] as const) {
      performance.now = () => now.call(performance) + days * day;
      Date.now = () => date() + days * day;
      assertEquals(await temps.openPartial(["other"], MODE), undefined);
      assertEquals((await tree(dir.path)).length, left);
    }
  } finally {
    performance.now = now;
    Date.now = date;
  }
});

Deno.test("TempFiles works where it cannot sweep, and sweeps when it can again", async () => {
  await using dir = await tempDir();
  const temps = new TempFiles(dir.path);
  const temp = await new TempFiles(dir.path).create(PARTS, MODE);
  const { path } = temp;
  await leave(temp);
  await Deno.utime(path, 1, 1);
  const { readDir } = Deno, { now } = Date;
  Date.now = () => now() + 30 * 24 * 60 * 60 * 1000;
  try {
    Deno.readDir = () => {
      Deno.readDir = readDir;
      throw new Error("Too many open files");
    };
    await leave(await temps.create(PARTS, MODE));
    assertEquals((await tree(dir.path)).length, 2);
    await leave(await temps.create(PARTS, MODE));
    assertEquals((await tree(dir.path)).length, 1);
  } finally {
    Deno.readDir = readDir;
    Date.now = now;
  }
});

Deno.test("TempFiles counts the lease by ctime: mtime is the sender's to set", async () => {
  await using dir = await tempDir();
  const temp = await new TempFiles(dir.path).create(PARTS, MODE);
  const { path } = temp;
  await leave(temp); // left behind, and waits for its sender
  await Deno.utime(path, 1, 1);
  assertEquals(
    await new TempFiles(dir.path).openPartial(["b"], MODE),
    undefined,
  );
  assertEquals((await tree(dir.path)).length, 1);
  const { now } = Date;
  Date.now = () => now() + 25 * 60 * 60 * 1000;
  try {
    // Nor does a time to come keep it for ever.
    await Deno.utime(path, 9e9, 9e9);
    await new TempFiles(dir.path).openPartial(["b"], MODE);
  } finally {
    Date.now = now;
  }
  assertEquals(await tree(dir.path), []);
});

Deno.test("TempFiles sweeps no file that is being written, however old it looks", async () => {
  await using dir = await tempDir();
  const { path, file } = await new TempFiles(dir.path).create(PARTS, MODE);
  await Deno.utime(path, 1, 1);
  const { now } = Date;
  Date.now = () => now() + 30 * 24 * 60 * 60 * 1000;
  try {
    await new TempFiles(dir.path).openPartial(["b"], MODE);
  } finally {
    Date.now = now;
  }
  assertEquals((await tree(dir.path)).length, 1);
  file.close();
});
