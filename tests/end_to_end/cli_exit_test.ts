// Everything that can go wrong: the exit code says what it was.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { drain, writeAll } from "../../lib/net/half_close.ts";
import { cli, ended, ROOT, Running } from "../support/children.ts";
import { sh, shell } from "../support/commands.ts";
import { BYTES, events, pair } from "../support/cli_pair.ts";
import { noise, tempDir, utf8 } from "../support/helpers.ts";
import { playing, type Script, takeOne } from "../support/scripted.ts";

Deno.test("a usage error is one line on stderr and exit 2", async () => {
  for (const args of [[], ["sned"], ["send", "a"], ["receive", "--raw", "1"]]) {
    const { code, stdout, stderr } = await cli(args);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, /^halfclose: Cannot read [^\n]+ --help\n$/);
  }
});

/** How sending one file with `--json` ends, as its exit code and code. */
async function failure(address: string, ...args: string[]) {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, BYTES);
  const { code, stdout, stderr } = await cli(
    ["send", "--json", "--retry", "0", ...args, `${dir.path}/a`, address],
  );
  const error = events(stdout).find(({ event }) => event === "error");
  assert(error, stdout);
  assertEquals(Object.keys(error), ["event", "code", "message", "retriable"]);
  assertEquals(stderr, `halfclose: ${error.message}\n`);
  return [code, error.code];
}

/** Receivers that misbehave, and what the sender makes of each. */
const BAD_RECEIVERS: [string, Script, number, string, string[]][] = [
  ["breaks off", (peer) => peer.hear("open"), 11, "lost", []],
  ["says nothing", (peer) => peer.rest().catch(() => {}), 12, "stalled", [
    "--timeout",
    "0.4",
  ]],
  ["is killed after END", takeOne, 13, "unconfirmed", []],
];

for (const [what, script, exit, code, args] of BAD_RECEIVERS) {
  Deno.test(`a receiver that ${what} is exit ${exit}, ${code}`, async () => {
    await using stage = playing(script);
    const address = `127.0.0.1:${stage.target.port}`;
    assertEquals(await failure(address, ...args), [exit, code]);
  });
}

Deno.test("an HTTP server is exit 7, protocol", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("hello"),
  );
  const address = `127.0.0.1:${server.addr.port}`;
  assertEquals(await failure(address), [7, "protocol"]);
});

Deno.test("nobody listening is exit 5, connect; what is not there is exit 3, source", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  assertEquals(await failure(address), [5, "connect"]);
  const { code, stderr } = await cli(["send", "/there/is/none", address]);
  assertEquals([code, stderr], [
    3,
    'halfclose: Cannot send "/there/is/none": there is no such file or ' +
    "directory\n",
  ]);
});

Deno.test("a taken name is exit 8, rejected, on both sides; the same content is exit 0", async () => {
  for (const [content, code] of [[noise(5), 8], [BYTES, 0]] as const) {
    await using all = await pair("--once");
    await Deno.writeFile(`${all.to}/a.bin`, content);
    const sender = await cli(["send", `${all.from}/a.bin`, all.address]);
    assertEquals([sender.code, await all.receiver.code()], [code, code]);
    if (code === 0) assertMatch(sender.stdout, /, there already$/m);
    else assertMatch(sender.stderr, /^halfclose: Cannot deliver "a\.bin" to /);
    assertEquals(await Deno.readFile(`${all.to}/a.bin`), content);
  }
});

Deno.test("a receiver without room is exit 9, remote-io, for the sender and 14 for itself", async () => {
  const [program, ...args] = shell(
    sh`exec deno run -q -P cli.ts receive -o - 0 >/dev/full`,
  );
  await using receiver = new Running(program, args, { cwd: ROOT });
  const [, port] = await receiver.stderr.until(/127\.0\.0\.1:(\d+)/);
  assertEquals(await failure(`127.0.0.1:${port}`), [9, "remote-io"]);
  assertEquals(await receiver.code(), 14);
  assertMatch(await receiver.stderr.text(), /No space left on device/);
});

Deno.test("a taken port is exit 15, bind; a directory that is not there is exit 14", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = await cli(["receive", String(listener.addr.port)]);
  assertEquals(taken.code, 15);
  assertMatch(taken.stderr, /^halfclose: Cannot listen on 127[^\n]+\n$/);
  const nowhere = await cli(["receive", "-d", "/there/is/none", "0"]);
  assertEquals(nowhere.code, 14);
});

Deno.test("a lost connection is tried again, and says so", async () => {
  await using stage = playing((peer) => peer.hear("open"));
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, BYTES);
  const { code, stdout, stderr } = await cli([
    "send",
    "--json",
    "--retry",
    "1",
    `${dir.path}/a`,
    `127.0.0.1:${stage.target.port}`,
  ]);
  assertEquals(code, 5); // nobody listens there any more
  const retry = events(stdout).find(({ event }) => event === "retry");
  assertEquals([retry?.attempt, retry?.code], [1, "lost"]);
  assertMatch(stderr, /; trying again in \d\.\d s \(1 of 1\)\n/);
});

Deno.test("unauthenticated peers are one line each, and the next transfer succeeds", async () => {
  await using all = await pair("--progress", "none");
  const [hostname, port] = all.address.split(":") as [string, string];
  for (
    const words of [utf8("GET /\x1b[2J HTTP/1.0\r\n\r\n"), noise(1_000_000)]
  ) {
    using conn = await Deno.connect({ hostname, port: Number(port) });
    const talking = (async () => {
      await writeAll(conn, words);
      await conn.closeWrite();
    })();
    await drain(conn, { silence: 5_000, total: 5_000 });
    await talking;
  }
  const { code } = await cli(["send", `${all.from}/a.bin`, all.address]);
  assertEquals(code, 0);
  all.receiver.kill("SIGINT");
  const receiver = await ended(all.receiver);
  assertEquals(receiver.code, 0);
  const [, first, second, ...more] = receiver.stderr.trim().split("\n");
  assertMatch(
    first!,
    /^halfclose: 127.*"GET \/\\u\{1b\}\[2J HTTP\/1\.0", like/,
  );
  assertMatch(second!, /^halfclose: 127.*does not speak halfclose/);
  assertEquals(more, []);
});
