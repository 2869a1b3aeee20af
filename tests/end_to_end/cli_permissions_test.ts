// Permissions that are missing, where Deno has nobody to ask.

import { assertEquals } from "@std/assert";
import { generateKey } from "../../lib/security/key.ts";
import { ended, ROOT, Running } from "../support/children.ts";
import { pair } from "../support/cli_pair.ts";

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

for (
  const [allowed, missing] of [
    ["run", "--allow-read --allow-write"],
    ["read", "--allow-run --allow-write"],
    ["net", "--allow-run --allow-read --allow-write"],
  ] as const
) {
  Deno.test(`demo with no more than ${allowed} is exit 2 at once`, async () => {
    const args = ["run", "-q", `--allow-${allowed}`, "cli.ts", "demo"];
    await using program = new Running("deno", args, { cwd: ROOT });
    assertEquals(await ended(program), {
      code: 2,
      stdout: "",
      stderr: "halfclose: Cannot run the demo: it starts two programs that " +
        `write into a directory, and may not; add ${missing} to "deno run", ` +
        "or run it with: deno task demo\n",
    });
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

/** What is said where nobody can know whether there is a key. */
const UNSEEN = "halfclose: going on without looking at HALFCLOSE_KEY, and " +
  "without a key if it holds one: --allow-env=HALFCLOSE_KEY was not given\n";

for (
  const [host, quiet, said] of [
    ["127.0.0.1", [], UNSEEN],
    ["127.0.0.1", ["-q"], ""],
    ["0.0.0.0", ["--json"], UNSEEN], // this machine too, and looks like others
    ["0.0.0.0", ["-q"], UNSEEN],
  ] as const
) {
  Deno.test(
    `send ${quiet} to ${host} says ${
      said ? "that it did not look for" : "nothing about"
    } a key in the variable that it may not read`,
    async () => {
      await using all = await pair("--once");
      const port = all.address.split(":")[1];
      await using program = new Running("deno", [
        ...["run", "-q", "--allow-read", "--allow-net", "cli.ts", "send"],
        // How many lines of progress there are depends on the machine.
        ...["--progress", "none", ...quiet],
        ...[`${all.from}/a.bin`, `${host}:${port}`],
      ], { cwd: ROOT, env: { HALFCLOSE_KEY: generateKey() } });
      const { code, stderr } = await ended(program);
      assertEquals([code, stderr], [0, said]);
    },
  );
}
