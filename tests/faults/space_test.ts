// A disk with no room left: the sender hears why, the room is given back, and
// what still fits is delivered.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { Source } from "../../lib/source/item.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { halfclose, run } from "../support/children.ts";
import { type Command, sh, shell, under } from "../support/commands.ts";
import { noise, tempDir } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import { FaultProxy } from "./proxy.ts";
import { type Receiver, receiver } from "./receiver.ts";

/** A receiver into a tmpfs of its own, and a way to act in there. */
async function small(
  dir: string,
  options: string,
  args: readonly string[] = [],
) {
  const script = sh`mount -t tmpfs -o ${options} none ${dir} &&
    echo '{"pid":'$$'}' && exec "$@"`;
  const to = await receiver(dir, {
    args,
    inside: under(["unshare", "-m"], shell(script)),
  });
  const [, pid] = await to.process.stdout.until(/"pid":(\d+)/);
  const inside = (...command: Command) =>
    run(...under(["nsenter", "-t", pid!, "-m", "--"], command));
  return { to, list: () => inside("ls", "-A", dir), inside };
}

async function refusal(source: Source, to: Receiver): Promise<TransferError> {
  return await assertRejects(
    () => send(source, to.addr, { name: "large", retry: 1 }),
    TransferError,
  );
}

async function* pieces(count: number) {
  for (let n = 0; n < count; n++) yield await Promise.resolve(noise(1_000_000));
}

const SOURCES: [string, () => Source][] = [
  ["of a known size", () => new Uint8Array(20_000_000)],
  ["of a length nobody knows", () => pieces(20)],
];

for (const [what, source] of SOURCES) {
  needs(
    ["mounts"],
    `a full disk ends a file ${what}: the reason names the space, no temp is left, the next file fits (2, 3, 9)`,
    async () => {
      await using dir = await tempDir();
      const { to, list } = await small(dir.path, "size=10m");
      await using _to = to;
      const error = await refusal(source(), to);
      assertEquals(error.code, "remote-io", error.message);
      assert(/No space left|free and the file needs/.test(error.message));
      assertEquals(await list(), "");
      const receipt = await send(noise(5_000), to.addr, { name: "small" });
      assertEquals(receipt.bytes, 5_000);
      assertEquals(await list(), "small\n");
    },
  );
}

needs(
  ["mounts"],
  "a transfer is resumed on a disk with room for its rest alone (6)",
  async () => {
    await using dir = await tempDir();
    const { to, list } = await small(dir.path, "size=10m");
    await using _to = to;
    await using proxy = await FaultProxy.to(
      to.addr,
      (connection) => connection === 0 ? { up: { cutAfter: 6_000_000 } } : {},
    );
    const bytes = noise(9_000_000);
    const options = { name: "a", retry: 1 };
    assertEquals((await send(bytes, proxy.addr, options)).bytes, 9_000_000);
    assertEquals(await list(), "a\n");
  },
);

for (const policy of ["refuse", "replace", "rename"]) {
  needs(
    ["mounts"],
    `what is there already needs no room to be settled under ${policy} (6)`,
    async () => {
      await using dir = await tempDir();
      const args = ["--on-conflict", policy];
      const { to, list } = await small(dir.path, "size=10m", args);
      await using _to = to;
      const bytes = noise(6_000_000);
      for (const existing of [false, true]) {
        const receipt = await send(bytes, to.addr, { name: "a" });
        assertEquals(receipt.existing, existing);
      }
      assertEquals(await list(), "a\n");
    },
  );
}

needs(
  ["mounts"],
  "send exits 9 where the receiver's disk is full",
  async () => {
    await using dir = await tempDir();
    await using source = await tempDir();
    await Deno.writeFile(`${source.path}/large`, new Uint8Array(20_000_000));
    const { to, list } = await small(dir.path, "size=10m");
    await using _to = to;
    const { hostname, port } = to.addr;
    const args = ["send", `${source.path}/large`, `${hostname}:${port}`];
    await using sender = halfclose(args);
    assertEquals(await sender.code(), 9);
    assertStringIncludes(await sender.stderr.text(), 'Cannot deliver "large"');
    assert(/space|free/.test(await sender.stderr.text()));
    assertEquals(await list(), "");
  },
);

needs(
  ["mounts"],
  "a disk without a free inode ends a file, and takes files again afterwards (3, 9)",
  async () => {
    await using dir = await tempDir();
    // The root, a file, and one more: a temp and its name are two.
    const { to, list, inside } = await small(dir.path, "size=10m,nr_inodes=3");
    await using _to = to;
    await send(noise(10), to.addr, { name: "a" });
    const error = await refusal(noise(10), to);
    assertEquals(error.code, "remote-io", error.message);
    assertStringIncludes(error.message, "No space left");
    assertEquals(await list(), "a\n");
    await inside("rm", `${dir.path}/a`);
    await send(noise(20), to.addr, { name: "b" });
    assertEquals(await list(), "b\n");
  },
);

needs(
  ["mounts"],
  "a disk that becomes read-only is told, and takes files when it is writable again (3)",
  async () => {
    await using dir = await tempDir();
    const { to, list, inside } = await small(dir.path, "size=10m");
    await using _to = to;
    await send(noise(10), to.addr, { name: "a" });
    await inside("mount", "-o", "remount,ro", dir.path);
    const error = await refusal(noise(10), to);
    assertEquals(error.code, "remote-io", error.message);
    assertStringIncludes(error.message, "Read-only");
    assertEquals(await list(), "a\n");
    await inside("mount", "-o", "remount,rw", dir.path);
    await send(noise(20), to.addr, { name: "b" });
    assertEquals(await list(), "a\nb\n");
  },
);

needs(
  ["mounts"],
  "a mount point below the destination is another disk, and refused (3, 5)",
  async () => {
    await using dir = await tempDir();
    const { to, list, inside } = await small(dir.path, "size=10m");
    await using _to = to;
    await inside("mkdir", `${dir.path}/other`);
    await inside("mount", "-t", "tmpfs", "none", `${dir.path}/other`);
    const error = await assertRejects(
      () => send(noise(10), to.addr, { name: "other/file" }),
      TransferError,
    );
    assertEquals(error.code, "remote-io", error.message);
    assertEquals(await list(), "other\n");
    assertEquals(await inside("ls", "-A", `${dir.path}/other`), "");
  },
);
