// Keys as people use them: files, the variable, stdin, and none at all.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { generateKey, parseKey } from "../../lib/security/key.ts";
import { cli, halfclose, type Running } from "../support/children.ts";
import { tree, utf8 } from "../support/helpers.ts";
import { place } from "../support/secure_place.ts";

async function portOf(program: Running): Promise<string> {
  return (await program.stderr.until(/listening on \S+:(\d+)/))[1]!;
}

Deno.test("keygen prints one key and nothing else", async () => {
  const { code, stdout } = await cli(["keygen"]);
  assertEquals(code, 0);
  assertEquals(parseKey(stdout).length, 32);
  assertEquals(stdout.trim().split("\n").length, 1);
});

Deno.test("a key from a file on one side and from the variable on the other", async () => {
  await using at = await place();
  await using receiver = halfclose(
    [
      "receive",
      "--once",
      "--key-file",
      at.path("key"),
      "-d",
      at.path("in"),
      "0",
    ],
  );
  const address = `127.0.0.1:${await portOf(receiver)}`;
  const env = { HALFCLOSE_KEY: at.key };
  const sent = await cli(["send", at.path("file"), address], undefined, env);
  assertEquals(sent.code, 0, sent.stderr);
  assertEquals(await receiver.code(), 0);
  const { path } = at;
  assertEquals(await Deno.readTextFile(path("in/file")), "some words");
});

Deno.test("a key on stdin", async () => {
  await using at = await place();
  await using receiver = halfclose(
    ["receive", "--once", "--key-file", "-", "-d", at.path("in"), "0"],
    utf8(at.key + "\n"),
  );
  const address = `127.0.0.1:${await portOf(receiver)}`;
  const sent = await cli(
    ["send", "--key-file", at.path("key"), at.path("file"), address],
  );
  assertEquals([sent.code, await receiver.code()], [0, 0], sent.stderr);
});

Deno.test("send with another key exits 6 and creates nothing (10)", async () => {
  await using at = await place();
  await using receiver = halfclose(
    ["receive", "--key-file", at.path("key"), "-d", at.path("in"), "0"],
  );
  const address = `127.0.0.1:${await portOf(receiver)}`;
  const sent = await cli(
    ["send", "--key-file", at.path("other"), at.path("file"), address],
  );
  assertEquals(sent.code, 6);
  assertStringIncludes(sent.stderr, "the receiver has another key");
  assertEquals(await tree(at.path("in")), []);
  await receiver.stderr.until(/do not have the same secret/);
  for (const text of [sent.stderr, sent.stdout]) {
    assert(!text.includes(at.key.slice(5, 15)));
  }
});

Deno.test("receive on an address that other machines can reach exits 2 without a key and shows two ways on", async () => {
  await using at = await place();
  for (const address of ["0.0.0.0:0", "[::]:0", "192.0.2.1:9000"]) {
    const { code, stderr } = await cli([
      "receive",
      "-d",
      at.path("in"),
      address,
    ]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, `Cannot listen on ${address} without a key: `);
    assertStringIncludes(stderr, "--key-file PATH");
    assertStringIncludes(stderr, "type out --insecure");
  }
  const raw = await cli([
    "receive",
    "--raw",
    "-o",
    at.path("x"),
    "0.0.0.0:0",
  ]);
  assertEquals(raw.code, 2);
  assertStringIncludes(raw.stderr, "type out --insecure");
  await using open = halfclose(
    ["receive", "--insecure", "-d", at.path("in"), "0.0.0.0:0"],
  );
  await portOf(open);
});

Deno.test("options about secrets that do not go together exit 2", async () => {
  await using at = await place();
  const key = at.path("key"), file = at.path("file");
  const env = { HALFCLOSE_KEY: at.key };
  const wrong: [string[], string, Record<string, string>?][] = [
    [["send", "--raw", "--key-file", key, file, "h:1"], "--raw is plain TCP"],
    [["send", "--token-file", key, file, "h:1"], "--token-file needs --tls"],
    [["send", "--ca", key, file, "h:1"], "--ca needs --tls"],
    [["send", "--key-file", "-", "-", "h:1"], "stdin holds the bytes"],
    [["send", "--tls", file, "h:1"], "a key or a token must go with it"],
    [
      ["send", "--key-file", file, file, "h:1"],
      `Cannot read the key from "${file}": it does not begin with hck1_`,
    ],
    [["send", "--key-file", "/none", file, "h:1"], 'Cannot read "/none"'],
    [
      ["receive", "--tls-cert", key, "0"],
      "--tls-cert and --tls-key go together",
    ],
    [
      ["receive", "--insecure", "--key-file", key, "0"],
      "--insecure takes away",
    ],
    [["receive", "--insecure", "0.0.0.0:0"], "HALFCLOSE_KEY holds a key", env],
    [["send", file, "h:1"], "key from HALFCLOSE_KEY: it is empty", {
      HALFCLOSE_KEY: "",
    }],
    [["send", "--raw", file, "h:1"], "HALFCLOSE_KEY holds a key", env],
    [
      ["receive", "--raw", "-o", at.path("out"), "0"],
      "HALFCLOSE_KEY holds a key, and --raw is plain TCP",
      env,
    ],
  ];
  for (const [args, found, variables] of wrong) {
    const { code, stderr } = await cli(args, undefined, variables);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, found);
  }
});

Deno.test("a key is never taken from the command line, nor shown", async () => {
  const key = generateKey();
  for (const command of ["send", "receive"]) {
    for (
      const args of [
        ["--key", key, "0"],
        [`--key=${key}`, "0"],
        ["--key-file", key, "cli.ts", "0"],
        ["--json", "--key-file", key, "0"],
        ["--json", "--key-file", key, "cli.ts", "h:1"],
        [`--quiet=${key}`, "0"],
        [key],
        [key, "h:1"],
      ]
    ) {
      const { code, stdout, stderr } = await cli([command, ...args]);
      assert([2, 3].includes(code), stderr);
      assert(!`${stdout}${stderr}`.includes(key.slice(5, 15)), stderr);
    }
  }
});

Deno.test("a secret that others than its owner may use is told, once each", async () => {
  await using at = await place();
  const file = at.path("file"), secret = at.path("key");
  const told = async (args: string[]) => {
    const { stderr } = await cli(args);
    return stderr.match(/others than its owner may use .*/g) ?? [];
  };
  const sending = ["--retry", "0", file, "127.0.0.1:1"];
  for (const mode of [0o640, 0o620, 0o604, 0o602, 0o644]) {
    await Deno.chmod(secret, mode);
    const note = `others than its owner may use "${secret}" ` +
      `(its mode is ${mode.toString(8)}); chmod 600 ends that`;
    assertEquals(await told(["send", "--key-file", secret, ...sending]), [
      note,
    ]);
    const args = ["--tls-cert", file, "--tls-key", secret, "0"];
    const other = ["--key-file", at.path("other")];
    assertEquals(await told(["receive", ...args, ...other]), [note]);
  }
  for (const mode of [0o600, 0o400, 0o700]) {
    await Deno.chmod(secret, mode);
    assertEquals(await told(["send", "--key-file", secret, ...sending]), []);
  }
});
