import { assert, assertEquals, assertRejects } from "@std/assert";
import { DirectorySync } from "../../../lib/sink/disk/directory_sync.ts";
import { run } from "../../support/children.ts";
import { under } from "../../support/commands.ts";
import { tempDir, tree } from "../../support/helpers.ts";
import { needs } from "../../support/needs.ts";

Deno.test("DirectorySync rejects where there is nothing to sync, and asks anew the next time", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/d`;
  const sync = new DirectorySync();
  await assertRejects(() => sync.sync(path), Deno.errors.NotFound);
  await Deno.mkdir(path);
  await sync.sync(path);
});

Deno.test("DirectorySync tells a failure to those who share it, and not to those after", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/d`;
  const sync = new DirectorySync();
  const [running, ...queued] = [0, 1, 2].map(() => sync.sync(path));
  await assertRejects(() => running!, Deno.errors.NotFound);
  for (const one of queued) {
    await assertRejects(() => one, Deno.errors.NotFound);
  }
  await Deno.mkdir(path);
  await sync.sync(path);
});

/** Syncs that are told when to end, in the order in which they begin. */
function controlled() {
  const begun: PromiseWithResolvers<void>[] = [];
  const running: PromiseWithResolvers<void>[] = [];
  const at = (list: PromiseWithResolvers<void>[], index: number) =>
    list[index] ??= Promise.withResolvers<void>();
  let count = 0;
  return {
    fsync: () => {
      const index = count++;
      at(begun, index).resolve();
      return at(running, index).promise;
    },
    begun: (index: number) => at(begun, index).promise,
    end: (index: number) => at(running, index).resolve(),
    get count() {
      return count;
    },
  };
}

Deno.test("DirectorySync begins a second fsync for callers that find one running, and one alone", async () => {
  const disk = controlled();
  const sync = new DirectorySync(disk.fsync);
  const first = sync.sync("/d");
  const shares = sync.sync("/d"); // it has not begun
  await disk.begun(0);
  // An entry that is made now may be missing in the first.
  const later = [sync.sync("/d"), sync.sync("/d")];
  const ended: string[] = [];
  first.then(() => ended.push("first"));
  shares.then(() => ended.push("shares"));
  later.forEach((one) => one.then(() => ended.push("later")));
  assertEquals(disk.count, 1);
  disk.end(0);
  await Promise.all([first, shares]);
  await Promise.race([disk.begun(1), ...later]);
  assertEquals(disk.count, 2);
  assertEquals(ended, ["first", "shares"]);
  disk.end(1);
  await Promise.all(later);
  assertEquals(ended, ["first", "shares", "later", "later"]);
  assertEquals(disk.count, 2);
});

Deno.test("DirectorySync keeps directories apart", async () => {
  const synced: string[] = [];
  const sync = new DirectorySync((path) => {
    synced.push(path);
    return Promise.resolve();
  });
  await Promise.all(["/a", "/b", "/a"].map((path) => sync.sync(path)));
  assertEquals(synced.sort(), ["/a", "/b"]);
});

/** One system call of a traced program, by its place in the trace. */
interface Call {
  name: string;
  args: string;
  begin: number;
  end: number;
}

const TRACED = "fsync,fdatasync,link,linkat,rename,renameat2,mkdir,mkdirat," +
  "unlink,unlinkat";

/**
 * Runs a script under strace, its root directory as argument.
 *
 * @returns What it printed, and its calls that name the root, in order.
 */
async function traced(
  root: string,
  script: string,
  ...options: string[]
): Promise<{ output: string; calls: Call[] }> {
  await using dir = await tempDir();
  const [file, log] = [`${dir.path}/script.ts`, `${dir.path}/log`];
  await Deno.writeTextFile(file, script);
  const output = await run(...under(
    ["strace", "-f", "-y", "-e", `trace=${TRACED}`, ...options, "-o", log],
    ["deno", "run", "-A", "--no-check", "--no-config", file, root],
  ));
  return { output, calls: parse(await Deno.readTextFile(log), root) };
}

/** Puts calls together that another thread's call came between. */
function parse(log: string, root: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, Call>();
  for (const [at, line] of log.split("\n").entries()) {
    const resumed = /^(\d+) +<\.\.\. \w+ resumed>/.exec(line);
    if (resumed) {
      const call = open.get(resumed[1]!);
      if (call) call.end = at;
      continue;
    }
    const begun = /^(\d+) +(\w+)\((.*)$/.exec(line);
    if (!begun?.[3]?.includes(root)) continue;
    const call = { name: begun[2]!, args: begun[3], begin: at, end: at };
    calls.push(call);
    if (line.endsWith("<unfinished ...>")) open.set(begun[1]!, call);
  }
  return calls;
}

/** A script that stores `d/e/a` in a sink and prints how that ended. */
const STORE = `
  import { directorySink } from "${
  import.meta.resolve("../../../lib/sink/disk/mod.ts")
}";
  const sink = directorySink(Deno.args[0]!, { onConflict: "ON_CONFLICT" });
  const draft = await sink.open({ kind: "file", name: "d/e/a", mtime: 0 });
  await draft.write(new Uint8Array(10));
  try {
    const { durable } = await draft.commit();
    console.log("durable", durable);
  } catch (error) {
    console.log(error.code);
  }`;

for (const policy of ["refuse", "replace"]) {
  needs(
    ["strace"],
    `a commit syncs the file, names it, then syncs each directory (${policy})`,
    async () => {
      await using dir = await tempDir();
      const root = `${dir.path}/root`;
      await Deno.mkdir(`${root}/d/e`, { recursive: true });
      const named = policy === "replace" ? /^rename/ : /^link/;
      if (policy === "replace") {
        await Deno.writeTextFile(`${root}/d/e/a`, "old");
      } else {
        await Deno.remove(`${root}/d`, { recursive: true });
      }
      const script = STORE.replace("ON_CONFLICT", policy);
      const { output, calls } = await traced(root, script);
      assertEquals(output, "durable true\n");
      const find = (name: RegExp, args: string) => {
        const call = calls.find((one) =>
          name.test(one.name) && one.args.includes(args)
        );
        assert(call, `no ${name} of ${args}`);
        return call;
      };
      const synced = find(/^fsync$/, "/.halfclose-");
      // Under replace a link is tried first, and the name is taken.
      const name = calls.findLast((one) => named.test(one.name))!;
      assert(name.args.includes(`${root}/d/e/a"`));
      assert(synced.end < name.begin, "named before it was synced");
      for (const directory of [root, `${root}/d`, `${root}/d/e`]) {
        const sync = find(/^fsync$/, `<${directory}>`);
        assert(name.end < sync.begin, `${directory} was synced too early`);
      }
      for (const made of calls.filter(({ name }) => /^mkdir/.test(name))) {
        const parent = /"(.*)\/[^/]*"/.exec(made.args)![1]!;
        const sync = find(/^fsync$/, `<${parent}>`);
        assert(made.end < sync.begin, `${made.args} is not durable`);
      }
      assertEquals(await tree(root), ["d/", "d/e/", "d/e/a"]);
    },
  );
}

needs(
  ["strace"],
  "a failed fsync of the file is local-io, is not repeated and leaves nothing",
  async () => {
    await using dir = await tempDir();
    const script = STORE.replace("ON_CONFLICT", "refuse");
    const fault = ["-e", "inject=fsync:error=EIO"];
    const { output, calls } = await traced(dir.path, script, ...fault);
    assertEquals(output, "local-io\n");
    assertEquals(calls.filter(({ name }) => name === "fsync").length, 1);
    assertEquals(calls.filter(({ name }) => /^(link|rename)/.test(name)), []);
    assertEquals(await tree(dir.path), []);
  },
);

needs(
  ["strace"],
  "a failed fsync of a directory is local-io, and no draft stays",
  async () => {
    await using dir = await tempDir();
    const script = STORE.replace("ON_CONFLICT", "refuse");
    const last = `${dir.path}/d/e`;
    await Deno.mkdir(last, { recursive: true });
    const fault = ["-P", last, "-e", "inject=fsync:error=EIO"];
    const { output } = await traced(dir.path, script, ...fault);
    assertEquals(output, "local-io\n");
    // The name was given and stays, whole; a repeat finds it and syncs it anew.
    assertEquals(await tree(dir.path), ["d/", "d/e/", "d/e/a"]);
    const again = await traced(dir.path, script);
    assertEquals(again.output, "durable true\n");
    const synced = again.calls.filter(({ name }) => name === "fsync")
      .map(({ args }) =>
        /<([^>]*)>/.exec(args)![1]!.replace(/\.half.*/, "temp")
      );
    assertEquals([...new Set(synced)].sort(), [
      dir.path,
      `${dir.path}/d`,
      `${dir.path}/d/e`,
      `${dir.path}/d/e/a`,
      `${dir.path}/temp`,
    ]);
  },
);

needs(
  ["strace"],
  "DirectorySync serves many callers with two system calls at most",
  async () => {
    await using dir = await tempDir();
    const { calls } = await traced(
      dir.path,
      `import { DirectorySync } from "${
        import.meta.resolve("../../../lib/sink/disk/directory_sync.ts")
      }";
     const sync = new DirectorySync();
     const root = Deno.args[0]!;
     await Promise.all(Array.from({ length: 100 }, () => sync.sync(root)));`,
    );
    // A second one where the first had begun and may have missed an entry.
    const count = calls.filter(({ name }) => name === "fsync").length;
    assert(count === 1 || count === 2, `${count} calls`);
  },
);
