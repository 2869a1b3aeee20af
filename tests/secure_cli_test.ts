// Keys as people use them: files, the variable, a prompt, and none at all.

import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { generateKey, parseKey } from "../lib/key.ts";
import { cli, halfclose, ROOT, Running } from "./children.ts";
import { tempDir, tree, utf8 } from "./helpers.ts";
import { needs } from "./needs.ts";
import { certificate } from "./pairs.ts";

/** A directory with a key, another key, a file, and somewhere to receive. */
async function place() {
  const dir = await tempDir();
  const path = (name: string) => `${dir.path}/${name}`;
  const key = generateKey();
  await Deno.writeTextFile(path("key"), key + "\n", { mode: 0o600 });
  await Deno.writeTextFile(path("other"), generateKey(), { mode: 0o600 });
  await Deno.writeTextFile(path("file"), "some words");
  await Deno.mkdir(path("in"));
  return {
    key,
    path,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

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

Deno.test("send with another key exits 6 within 5 s and creates nothing (10)", async () => {
  await using at = await place();
  await using receiver = halfclose(
    ["receive", "--key-file", at.path("key"), "-d", at.path("in"), "0"],
  );
  const address = `127.0.0.1:${await portOf(receiver)}`;
  const begun = performance.now();
  const sent = await cli(
    ["send", "--key-file", at.path("other"), at.path("file"), address],
  );
  assertLess(performance.now() - begun, 5_000);
  assertEquals(sent.code, 6);
  assertStringIncludes(sent.stderr, "the receiver has another key");
  assertEquals(await tree(at.path("in")), []);
  await receiver.stderr.until(/do not have the same secret/);
  for (const text of [sent.stderr, sent.stdout]) {
    assert(!text.includes(at.key.slice(5, 15)));
  }
});

Deno.test("receive on an address of others' reach without a key exits 2 and shows two ways on", async () => {
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

Deno.test("a key is never taken from the command line", async () => {
  const key = generateKey();
  for (const command of ["send", "receive"]) {
    const { code, stderr } = await cli([command, "--key", key, "0"]);
    assertEquals(code, 2);
    assert(!stderr.includes(key.slice(5, 15)), stderr);
  }
});

/** The program on a terminal, at which somebody may type a line. */
function onTerminal(args: string[], after = "", line = ""): Running {
  return new Running("python3", [
    ...["-B", `${ROOT}/tests/peers/terminal.py`, after, line],
    ...["deno", "run", "-P", "cli.ts", ...args],
  ], { cwd: ROOT });
}

needs(
  ["python3"],
  "a prompt for the key shows nothing of what is typed",
  async () => {
    await using at = await place();
    await using receiver = onTerminal(
      ["receive", "--once", "--key-file", "-", "-d", at.path("in"), "0"],
      "Key (it will not be shown)",
      at.key,
    );
    const [, port] = await receiver.stdout.until(/listening on \S+:(\d+)/);
    const sent = await cli(
      [
        "send",
        "--key-file",
        at.path("key"),
        at.path("file"),
        `127.0.0.1:${port}`,
      ],
    );
    assertEquals([sent.code, await receiver.code()], [0, 0], sent.stderr);
    const shown = await receiver.stdout.text();
    assert(!shown.includes(at.key.slice(0, 9)), shown);
  },
);

needs(
  ["python3"],
  "receive on a terminal makes a key for one session and shows the command",
  async () => {
    await using at = await place();
    await using receiver = onTerminal(
      ["receive", "-d", at.path("in"), "0.0.0.0:0"],
    );
    const [, port] = await receiver.stdout.until(/listening on \S+:(\d+)/);
    const [, key] = await receiver.stdout.until(/HALFCLOSE_KEY=(hck1_\w{56})/);
    const [, command] = await receiver.stdout.until(/(deno run .*:\d+)/);
    assertMatch(command!, /^deno run -P cli\.ts send FILE \S+:\d+$/);
    assertEquals(command!.split(":").at(-1), port);
    const address = `127.0.0.1:${port}`;
    const file = at.path("file");
    // Somebody without the key does not use the session up.
    const without = await cli(["send", file, address]);
    assertEquals(without.code, 6, without.stderr);
    const env = { HALFCLOSE_KEY: key! };
    const sent = await cli(["send", file, address], undefined, env);
    assertEquals(sent.code, 0, sent.stderr);
    assertEquals(await receiver.code(), 0);
    const late = await cli(
      ["send", "--retry", "0", file, address],
      undefined,
      env,
    );
    assertEquals(late.code, 5);
  },
);

needs(
  ["python3", "openssl"],
  "with a certificate that command goes to its name, through TLS",
  async () => {
    await using at = await place();
    const { cert, key } = await certificate();
    await Deno.writeTextFile(at.path("cert"), cert);
    await Deno.writeTextFile(at.path("cert-key"), key, { mode: 0o600 });
    await using receiver = onTerminal([
      ...["receive", "-d", at.path("in"), "--tls-cert", at.path("cert")],
      ...["--tls-key", at.path("cert-key"), "0.0.0.0:0"],
    ]);
    const [, made] = await receiver.stdout.until(/HALFCLOSE_KEY=(hck1_\w{56})/);
    const [, options, address] = await receiver.stdout.until(
      /deno run -P cli\.ts (send .*)FILE (\S+:\d+)/,
    );
    assertEquals([options, address!.split(":")[0]], [
      "send --tls ",
      "localhost",
    ]);
    await receiver.stdout.until(/--ca PATH must name/);
    const sent = await cli(
      [
        ...options!.trim().split(" "),
        ...["--ca", at.path("cert"), at.path("file"), address!],
      ],
      undefined,
      { HALFCLOSE_KEY: made! },
    );
    assertEquals([sent.code, await receiver.code()], [0, 0], sent.stderr);
  },
);
