import { assertEquals, assertRejects } from "@std/assert";
import { FileReader } from "../../lib/source/file_reader.ts";
import { noise, tempDir } from "../support/helpers.ts";

/** Longer than any read that is called quick. */
const SLOW_MS = 5;

/** A file that notes where it was read, and is slow when told to be. */
function recorded(slow: readonly boolean[]) {
  const where: ("thread" | "place")[] = [];
  const answer = (place: "thread" | "place") => {
    const wait = slow[where.length] ? SLOW_MS : 0;
    where.push(place);
    const began = performance.now();
    while (performance.now() - began < wait); // a read in place does not yield
    return 1;
  };
  return {
    where,
    read: () => Promise.resolve(answer("thread")),
    readSync: () => answer("place"),
  };
}

async function readTimes(reader: FileReader, times: number) {
  for (let turn = 0; turn < times; turn++) {
    assertEquals(await reader.read(new Uint8Array(1)), 1);
  }
}

Deno.test("FileReader leaves each read after a slow one to another thread", async () => {
  const file = recorded([true, true, true]);
  await readTimes(new FileReader(file), 4);
  assertEquals(file.where, ["thread", "thread", "thread", "thread"]);
});

Deno.test("FileReader leaves a file that becomes slow, while it is", async () => {
  // Whether a read was quick is measured: all of them at once can be late on a
  // loaded machine, so what must not happen is looked for, not what should.
  const file = recorded([false, false, true, true, false]);
  await readTimes(new FileReader(file), 5);
  assertEquals(file.where[0], "thread");
  assertEquals(file.where.slice(3), ["thread", "thread"]);
});

Deno.test("FileReader gives what is in the file, in place or not", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await Deno.writeFile(path, noise(100_000));
  using file = await Deno.open(path);
  let [place, thread] = [0, 0];
  const reader = new FileReader({
    read: (into) => (thread++, file.read(into)),
    readSync: (into) => (place++, file.readSync(into)),
  });
  const all = new Uint8Array(100_001);
  let filled = 0;
  for (let n; (n = await reader.read(all.subarray(filled, filled + 64)));) {
    filled += n;
  }
  assertEquals(all.subarray(0, filled), noise(100_000));
  // The page cache holds what was just written: 1,563 reads cannot all be slow.
  assertEquals(place > 0 && thread > 0, true);
});

Deno.test("FileReader passes failures on, in place or not", async () => {
  const failing = {
    read: () => Promise.resolve(1),
    readSync(): number {
      throw new Deno.errors.PermissionDenied("no");
    },
  };
  const reader = new FileReader(failing);
  await assertRejects(async () => {
    for (;;) await reader.read(new Uint8Array(1));
  }, Deno.errors.PermissionDenied);
});

Deno.test("FileReader lets timers run, however quick its reads are", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  await Deno.writeFile(path, noise(1_000));
  using file = await Deno.open(path);
  const reader = new FileReader({ // never at its end
    read(into) {
      file.seekSync(0, Deno.SeekMode.Start);
      return file.read(into);
    },
    readSync(into) {
      file.seekSync(0, Deno.SeekMode.Start);
      return file.readSync(into);
    },
  });
  const into = new Uint8Array(1_000);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  try {
    // Without a turn for others this would go on for ever.
    while (turns < 3) assertEquals(await reader.read(into), 1_000);
  } finally {
    clearInterval(timer);
  }
});
