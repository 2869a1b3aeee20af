// Permissions that are missing, where Deno has nobody to ask.

import { assertEquals } from "@std/assert";
import { ROOT, Running } from "./children.ts";

for (
  const [allowed, args, found] of [
    [["read", "net"], ["receive", "0"], 'write "."; add --allow-write'],
    [["write", "net"], ["receive", "0"], 'read "."; add --allow-read'],
    [["net"], ["send", "cli.ts", "h:1"], 'read "cli.ts"; add --allow-read'],
    [
      ["read", "net=h:2"],
      ["send", "cli.ts", "h:1"],
      'use the network for "h:1"; add --allow-net',
    ],
  ] as const
) {
  Deno.test(`${args.join(" ")} with no more than ${allowed} is exit 2 at once`, async () => {
    const flags = allowed.map((one) => `--allow-${one}`);
    await using program = new Running(
      "deno",
      ["run", "-q", ...flags, "cli.ts", ...args],
      { cwd: ROOT },
    );
    assertEquals(await program.code(), 2);
    assertEquals(
      await program.stderr.text(),
      "halfclose: Cannot begin: Deno does not let this program " +
        `${found} to "deno run"\n`,
    );
  });
}

Deno.test("a file whose directory may not be looked at is exit 2 at once", async () => {
  await using program = new Running("deno", [
    ...["run", "-q", "--allow-net", "--allow-env"],
    ...["--allow-read=tests/none", "--allow-write=tests/none", "cli.ts"],
    ...["receive", "-o", "tests/none", "0"],
  ], { cwd: ROOT });
  assertEquals(await program.code(), 2);
});

Deno.test("what can be neither host nor path is no matter of permissions", async () => {
  for (const [path, host, exit] of [["", "h", 3], ["cli.ts", "h%x", 2]]) {
    await using program = new Running("deno", [
      ...["run", "-q", "--allow-read", "--allow-net=h", "cli.ts"],
      ...["send", "--retry", "0", String(path), `${host}:1`],
    ], { cwd: ROOT });
    assertEquals(await program.code(), exit);
  }
});

Deno.test("what was not asked for need not be allowed", async () => {
  await using program = new Running("deno", [
    ...["run", "-q", "--allow-net", "--allow-env", "cli.ts"],
    ...["receive", "-o", "-", "0"],
  ], { cwd: ROOT });
  await program.stderr.until(/^halfclose: listening on/);
});
