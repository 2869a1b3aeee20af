// The program in processes of its own, as people and scripts start it.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { cli, ended } from "../support/children.ts";
import { BYTES, events, pair } from "../support/cli_pair.ts";
import { sha256Of, tempDir, tree } from "../support/helpers.ts";

Deno.test("a delivery is exit 0 on both sides, with the same receipt, to the letter", async () => {
  await using all = await pair("--once", "--json");
  const sender = await cli([
    "send",
    "--json",
    `${all.from}/a.bin`,
    all.address,
  ]);
  const receiver = await ended(all.receiver);
  assertEquals([sender.code, receiver.code], [0, 0]);
  const [line] = /^{"event":"receipt".*$/m.exec(sender.stdout)!;
  assertMatch(
    line,
    new RegExp(
      '^{"event":"receipt","id":"[0-9a-f]{32}","name":"a.bin",' +
        `"bytes":100000,"sha256":"${sha256Of(BYTES)}",` +
        '"durable":true,"existing":false,' +
        '"committedAt":"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z"}$',
    ),
  );
  assert(receiver.stdout.split("\n").includes(line));
  assertEquals(await Deno.readFile(`${all.to}/a.bin`), BYTES);
  const heard = (text: string) =>
    events(text).map(({ event }) => event).filter((one) => one !== "progress");
  assertEquals(heard(sender.stdout), ["connected", "receipt", "closed"]);
  assertEquals(heard(receiver.stdout), [
    "listening",
    "connected",
    "receipt",
    "closed",
  ]);
  const port = Number(all.address.split(":")[1]);
  assertEquals<unknown>(events(receiver.stdout)[0], {
    event: "listening",
    address: "127.0.0.1",
    port,
  });
});

Deno.test("stdout holds the result and nothing else", async () => {
  await using all = await pair("--once");
  const still = ["send", "--progress", "none"]; // stderr is for more
  const sender = await cli([...still, `${all.from}/a.bin`, all.address]);
  const receiver = await ended(all.receiver);
  const result = `"a.bin" 100000 bytes sha256:${sha256Of(BYTES)}\n`;
  assertEquals(sender.stdout, `delivered ${result}`);
  assertEquals(receiver.stdout, `received ${result}`);
  assertEquals(sender.stderr, "");
});

Deno.test("quiet prints nothing on success", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, BYTES);
  await Deno.mkdir(`${dir.path}/to`);
  const address = `unix:${dir.path}/socket`;
  const [receiver, sender] = await Promise.all([
    cli(["receive", "-q", "--once", "-d", `${dir.path}/to`, address]),
    // It may be there first: then it tries again.
    cli(["send", "-q", "--retry", "20", `${dir.path}/a`, address]),
  ]);
  assertEquals(receiver, { code: 0, stdout: "", stderr: "" });
  assertEquals(sender, { code: 0, stdout: "", stderr: "" });
  assertEquals(await Deno.readFile(`${dir.path}/to/a`), BYTES);
});

Deno.test("stdin of unknown length arrives under its name, and as stdin without one", async () => {
  await using all = await pair();
  for (const [args, name] of [[["--name", "n"], "n"], [[], "stdin"]] as const) {
    const { code } = await cli(["send", ...args, "-", all.address], BYTES);
    assertEquals(code, 0);
    assertEquals(await Deno.readFile(`${all.to}/${name}`), BYTES);
  }
});

Deno.test("receive -o - writes the bytes to stdout and the rest to stderr", async () => {
  await using all = await pair("-o", "-");
  const sender = await cli(["send", `${all.from}/a.bin`, all.address]);
  assertEquals(sender.code, 0);
  assertMatch(sender.stdout, /, not durable$/m);
  assertEquals(await all.receiver.code(), 0);
  assertEquals(await all.receiver.stdout.whole, BYTES);
  assertMatch(
    await all.receiver.stderr.text(),
    /received "a.bin" 100000 bytes/,
  );
});

Deno.test("receive -o FILE writes that file, whatever the sender calls it", async () => {
  await using dir = await tempDir();
  await using all = await pair("-o", `${dir.path}/mine`);
  const sender = await cli(["send", `${all.from}/a.bin`, all.address]);
  assertEquals([sender.code, await all.receiver.code()], [0, 0]);
  assertEquals(await Deno.readFile(`${dir.path}/mine`), BYTES);
});

Deno.test("a directory is sent with what is in it, and what cannot be sent is named", async () => {
  await using all = await pair();
  const bad = `${all.from}/\x1b[31mred\n`;
  await Deno.writeFile(bad, BYTES);
  const refused = await cli(["send", all.from, all.address]);
  assertEquals([refused.code, refused.stdout], [3, ""]);
  assertMatch(
    refused.stderr,
    /^.*\\u\{1b\}\[31mred\\u\{a\}.*\n$/,
  );
  assertEquals(await tree(all.to), []);
  const rest = await cli(["send", "--skip-unsendable", all.from, all.address]);
  assertEquals(rest.code, 0);
  assertMatch(rest.stderr, /left out ".*\\u\{1b\}\[31mred/);
  assert(!(refused.stderr + rest.stderr).includes("\x1b"));
  assertEquals(await tree(all.to), ["from/", "from/a.bin"]);
});

Deno.test("a name that hides something is escaped on both terminals", async () => {
  await using all = await pair("--once");
  const name = "in\u200bvisible";
  const { code, stdout } = await cli(
    ["send", "--name", name, `${all.from}/a.bin`, all.address],
  );
  assertEquals(code, 0);
  const received = (await ended(all.receiver)).stdout;
  for (const text of [stdout, received]) {
    assert(text.includes('"in\\u{200b}visible"'), text);
  }
  assertEquals(await tree(all.to), [name]);
});

Deno.test("help and version go to stdout, with exit 0", async () => {
  for (
    const [args, found] of [
      [["--help"], /^halfclose moves bytes/],
      [["send", "-h"], /^halfclose send/],
      [["-V"], /^halfclose \d+\.\d+\.\d+\n$/],
    ] as [string[], RegExp][]
  ) {
    const { code, stdout, stderr } = await cli(args);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, found);
  }
});
