// The order of the system calls that a receipt stands on, and what a receiver
// says when one of them fails, is slow, or is its last. Each runs the real
// receiver under strace.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { send, type SendOptions } from "../../lib/transfer/sender/send.ts";
import { noise, tempDir, tree } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import { interrupted } from "./partial.ts";
import { type Receiver, receiver } from "./receiver.ts";

const SMALL = noise(3_000);
/** More than is started over. */
const LARGE = noise(1_500_000);

async function failure(
  bytes: Uint8Array,
  to: Receiver,
  options: SendOptions,
): Promise<TransferError> {
  return await assertRejects(
    () => send(bytes, to.addr, options),
    TransferError,
  );
}

/** What strace wrote, one finished call a line and without process ids. */
async function callsIn(log: string): Promise<string[]> {
  const open = new Map<string, string>();
  const calls: string[] = [];
  for (const line of (await Deno.readTextFile(log)).split("\n")) {
    const [, thread = "", text = ""] = /^(\d+) +(.*)/.exec(line) ?? [];
    const resumed = /^<\.\.\. \w+ resumed>(.*)/.exec(text)?.[1];
    const [begun, unfinished] = text.split(" <unfinished ...>");
    if (unfinished !== undefined) open.set(thread, begun!);
    else calls.push(resumed ? open.get(thread) + resumed : text);
  }
  return calls;
}

needs(
  ["strace"],
  "fsync of the file, its name, fsync of its directories, and only then the receipt (2)",
  async () => {
    await using dir = await tempDir();
    await using logs = await tempDir();
    const log = `${logs.path}/calls`;
    const trace = "trace=fsync,linkat,renameat,renameat2,rename,sendto";
    await using to = await receiver(dir.path, {
      strace: ["-y", "-x", "-o", log, "-e", trace, "-s", "64"],
    });
    const receipt = await send(SMALL, to.addr, { name: "new/one" });
    to.process.kill("SIGTERM");
    assertEquals(await to.process.code(), 0);
    const calls = await callsIn(log);
    const at = (pattern: RegExp) => {
      const found = calls.flatMap((call, n) => pattern.test(call) ? [n] : []);
      assertEquals(found.length, 1, `${pattern}: ${calls.join("\n")}`);
      return found[0]!;
    };
    const exact = (path: string) =>
      at(new RegExp(`^fsync\\(\\d+<${path}>\\) += 0`));
    const synced = at(/^fsync\(\d+<[^>]*\/\.halfclose-[^>]*>\) += 0/);
    const named = at(/^linkat\(.*new\/one", 0\) += 0/);
    const parent = exact(`${dir.path}/new`), root = exact(dir.path);
    // Type 0x21 and the transfer's id: no other frame has both.
    const id = receipt.id.replace(/../g, "\\\\x$&");
    const told = at(new RegExp(`^sendto\\(.*"\\\\x21.*${id}`));
    assert(synced < named, "the name came before the sync");
    assert(named < parent && named < root, "a directory was synced too early");
    assert(parent < told && root < told, "the receipt came too early");
  },
);

/** What fails, and what the sender is told of it. */
const BROKEN: [string, string, string][] = [
  ["writing", "write:error=EIO", "Input/output"],
  ["writing beyond a quota", "write:error=EDQUOT", "quota"],
  ["fsync of the file", "fsync:error=EIO", "Input/output"],
  ["fsync for want of space", "fsync:error=ENOSPC", "No space"],
  ["giving the name", "linkat:error=EIO", "Input/output"],
  ["giving the name on a read-only disk", "linkat:error=EROFS", "Read-only"],
];

for (const [what, inject, reason] of BROKEN) {
  needs(
    ["strace"],
    `${what} that fails is told with its reason, leaves no temp, and harms no other file (2, 3, 9)`,
    async () => {
      await using dir = await tempDir();
      // A partial's path is known, and so it alone can be made to fail.
      const partial = await interrupted(dir.path, "a", LARGE);
      await using to = await receiver(dir.path, {
        strace: ["-o", "/dev/null", "-P", partial, "-e", `inject=${inject}`],
      });
      const error = await failure(LARGE, to, { name: "a", retry: 2 });
      assertEquals(error.code, "remote-io", error.message);
      assertStringIncludes(error.message, reason);
      assertEquals(await tree(dir.path), []);
      const other = await send(LARGE, to.addr, { name: "b" });
      assertEquals([other.durable, other.existing], [true, false]);
      const again = await send(LARGE, to.addr, { name: "a" });
      assertEquals([again.durable, again.existing], [true, false]);
      assertEquals(await tree(dir.path), ["a", "b"]);
    },
  );
}

needs(
  ["strace"],
  "a partial that cannot be read is told and dropped, and the next attempt starts over (3, 9)",
  async () => {
    await using dir = await tempDir();
    const partial = await interrupted(dir.path, "a", LARGE);
    await using to = await receiver(dir.path, {
      strace: ["-o", "/dev/null", "-P", partial, "-e", "inject=read:error=EIO"],
    });
    const error = await failure(LARGE, to, { name: "a" });
    assertEquals(error.code, "remote-io", error.message);
    assertEquals(await tree(dir.path), []);
    const again = await send(LARGE, to.addr, { name: "a" });
    assertEquals([again.durable, again.existing], [true, false]);
  },
);

needs(
  ["strace"],
  "a directory that cannot be synced gives no receipt; its file is whole, and repeating vouches for it (2, 3, 6)",
  async () => {
    await using dir = await tempDir();
    {
      const inject = "inject=fsync:error=EIO";
      await using to = await receiver(dir.path, {
        strace: ["-o", "/dev/null", "-P", dir.path, "-e", inject],
      });
      const error = await failure(LARGE, to, { name: "a", retry: 2 });
      assertEquals(error.code, "remote-io", error.message);
      assertStringIncludes(error.message, "Input/output");
      assertEquals(await tree(dir.path), ["a"]);
      assertEquals(await Deno.readFile(`${dir.path}/a`), LARGE);
    }
    await using to = await receiver(dir.path);
    const again = await send(LARGE, to.addr, { name: "a" });
    assertEquals([again.durable, again.existing], [true, true]);
  },
);

needs(
  ["strace"],
  "a disk that takes seconds to sync is not a dead peer (7)",
  async () => {
    await using dir = await tempDir();
    const slow = "inject=fsync:delay_enter=2500000";
    await using to = await receiver(dir.path, {
      strace: ["-o", "/dev/null", "-e", slow],
    });
    const phases = new Set<string>();
    const begun = performance.now();
    const receipt = await send(SMALL, to.addr, {
      name: "a",
      idleTimeout: 1_000,
      onProgress: ({ phase }) => phases.add(phase),
    });
    assert(performance.now() - begun > 4_900, "the disk was not slow");
    assertEquals(receipt.durable, true);
    assert(phases.has("syncing") && phases.has("committing"));
  },
);

/** Where the receiver dies, and whether the name is there afterwards. */
const LAST_CALLS: [string, (dir: string) => string[], boolean | undefined][] = [
  ["as it says HELLO", () => kill("sendto:when=1"), false],
  ["as it accepts", () => kill("sendto:when=2"), false],
  ["as it syncs the file", () => kill("fsync:when=1"), false],
  ["as it gives the name", () => kill("linkat"), false],
  ["as it syncs the directory", (dir) => ["-P", dir, ...kill("fsync")], true],
  ["as it removes the temp", () => kill("unlink"), true],
  // Or as it says that it is alive, where the disk was slow.
  ["as it sends the receipt", () => kill("sendto:when=3"), undefined],
];

function kill(call: string): string[] {
  const [name, ...when] = call.split(":");
  return ["-e", `inject=${[name, "signal=SIGKILL", ...when].join(":")}`];
}

for (const [when, inject, expected] of LAST_CALLS) {
  needs(
    ["strace"],
    `a receiver killed ${when} leaves the name absent or whole, and repeating settles it (1, 3, 6, 8)`,
    async () => {
      await using dir = await tempDir();
      let port: number;
      {
        await using to = await receiver(dir.path, {
          strace: ["-o", "/dev/null", ...inject(dir.path)],
        });
        port = to.addr.port;
        const error = await failure(SMALL, to, { name: "a" });
        const early = when.includes("HELLO") || when.includes("accepts");
        assertEquals(
          error.code,
          early ? "lost" : "unconfirmed",
          error.message,
        );
        assertEquals(await to.process.code(), 137);
      }
      const left = (await tree(dir.path)).filter((one) => !one.startsWith("."));
      const named = left.length > 0;
      assertEquals(left, named ? ["a"] : []);
      assertEquals(named, expected ?? named);
      if (named) assertEquals(await Deno.readFile(`${dir.path}/a`), SMALL);
      await using to = await receiver(dir.path, { port });
      const receipt = await send(SMALL, to.addr, { name: "a" });
      assertEquals(receipt.existing, named);
      assertEquals(await Deno.readFile(`${dir.path}/a`), SMALL);
    },
  );
}
