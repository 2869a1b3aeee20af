// The program in processes of its own, as people and scripts start it.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { drain, writeAll } from "../lib/conn.ts";
import { ROOT, Running } from "./children.ts";
import { noise, sha256Of, tempDir, tree, utf8 } from "./helpers.ts";
import { playing, type Script, takeOne } from "./scripted.ts";

const BYTES = noise(100_000);

/** Starts the program. Quiet is Deno: it warns of -P on the same stderr. */
function halfclose(
  args: readonly string[],
  stdin?: Uint8Array<ArrayBuffer>,
): Running {
  return new Running("deno", ["run", "--quiet", "-P", "cli.ts", ...args], {
    cwd: ROOT,
    ...(stdin ? { stdin } : {}),
  });
}

/** A receiver that listens, and a directory with something to send. */
interface Pair extends AsyncDisposable {
  from: string;
  to: string;
  address: string;
  receiver: Running;
}

async function pair(...args: string[]): Promise<Pair> {
  const dir = await tempDir();
  const [from, to] = [`${dir.path}/from`, `${dir.path}/to`];
  await Deno.mkdir(from);
  await Deno.mkdir(to);
  await Deno.writeFile(`${from}/a.bin`, BYTES);
  const where = args.includes("-o") ? [] : ["-d", to];
  const receiver = halfclose(["receive", ...where, ...args, "127.0.0.1:0"]);
  const output = args.includes("--json") ? receiver.stdout : receiver.stderr;
  const [, port] = await output.until(/(?:"port":|127\.0\.0\.1:)(\d+)/);
  return {
    from,
    to,
    address: `127.0.0.1:${port}`,
    receiver,
    async [Symbol.asyncDispose]() {
      await receiver[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** How a program ended and what it had said by then. */
async function ended(program: Running) {
  const [code, stdout, stderr] = await Promise.all([
    program.code(),
    program.stdout.text(),
    program.stderr.text(),
  ]);
  return { code, stdout, stderr };
}

/** Runs the program to its end. */
async function run(args: string[], stdin?: Uint8Array<ArrayBuffer>) {
  await using program = halfclose(args, stdin);
  return await ended(program);
}

function events(stdout: string): Record<string, unknown>[] {
  return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

Deno.test("a delivery is exit 0 on both sides, with the same receipt, to the letter", async () => {
  await using all = await pair("--once", "--json");
  const sender = await run([
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
  const sender = await run(["send", `${all.from}/a.bin`, all.address]);
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
    run(["receive", "-q", "--once", "-d", `${dir.path}/to`, address]),
    // It may be there first: then it tries again.
    run(["send", "-q", "--retry", "20", `${dir.path}/a`, address]),
  ]);
  assertEquals(receiver, { code: 0, stdout: "", stderr: "" });
  assertEquals(sender, { code: 0, stdout: "", stderr: "" });
  assertEquals(await Deno.readFile(`${dir.path}/to/a`), BYTES);
});

Deno.test("stdin of unknown length arrives under its name, and as stdin without one", async () => {
  await using all = await pair();
  for (const [args, name] of [[["--name", "n"], "n"], [[], "stdin"]] as const) {
    const { code } = await run(["send", ...args, "-", all.address], BYTES);
    assertEquals(code, 0);
    assertEquals(await Deno.readFile(`${all.to}/${name}`), BYTES);
  }
});

Deno.test("receive -o - writes the bytes to stdout and the rest to stderr", async () => {
  await using all = await pair("-o", "-");
  const sender = await run(["send", `${all.from}/a.bin`, all.address]);
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
  const sender = await run(["send", `${all.from}/a.bin`, all.address]);
  assertEquals([sender.code, await all.receiver.code()], [0, 0]);
  assertEquals(await Deno.readFile(`${dir.path}/mine`), BYTES);
});

Deno.test("a directory is sent with what is in it, and what cannot be sent is named", async () => {
  await using all = await pair();
  const bad = `${all.from}/\x1b[31mred\n`;
  await Deno.writeFile(bad, BYTES);
  const refused = await run(["send", all.from, all.address]);
  assertEquals([refused.code, refused.stdout], [3, ""]);
  assertMatch(
    refused.stderr,
    /^.*\\u\{1b\}\[31mred\\u\{a\}.*\n$/,
  );
  assertEquals(await tree(all.to), []);
  const rest = await run(["send", "--skip-unsendable", all.from, all.address]);
  assertEquals(rest.code, 0);
  assertMatch(rest.stderr, /left out ".*\\u\{1b\}\[31mred/);
  assert(!(refused.stderr + rest.stderr).includes("\x1b"));
  assertEquals(await tree(all.to), ["from/", "from/a.bin"]);
});

Deno.test("a name that hides something is escaped on both terminals", async () => {
  await using all = await pair("--once");
  const name = "in\u200bvisible";
  const { code, stdout } = await run(
    ["send", "--name", name, `${all.from}/a.bin`, all.address],
  );
  assertEquals(code, 0);
  const received = (await ended(all.receiver)).stdout;
  for (const text of [stdout, received]) {
    assert(text.includes('"in\\u{200b}visible"'), text);
  }
  assertEquals(await tree(all.to), [name]);
});

Deno.test("a usage error is one line on stderr and exit 2", async () => {
  for (const args of [[], ["sned"], ["send", "a"], ["receive", "--raw", "1"]]) {
    const { code, stdout, stderr } = await run(args);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, /^halfclose: Cannot read [^\n]+ --help\n$/);
  }
});

Deno.test("help and version go to stdout, with exit 0", async () => {
  for (
    const [args, found] of [
      [["--help"], /^halfclose moves bytes/],
      [["send", "-h"], /^halfclose send/],
      [["-V"], /^halfclose \d+\.\d+\.\d+\n$/],
    ] as [string[], RegExp][]
  ) {
    const { code, stdout, stderr } = await run(args);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, found);
  }
});

/** How sending one file with `--json` ends, as its exit code and code. */
async function failure(address: string, ...args: string[]) {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, BYTES);
  const { code, stdout, stderr } = await run(
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
  const { code, stderr } = await run(["send", "/there/is/none", address]);
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
    const sender = await run(["send", `${all.from}/a.bin`, all.address]);
    assertEquals([sender.code, await all.receiver.code()], [code, code]);
    if (code === 0) assertMatch(sender.stdout, /, there already$/m);
    else assertMatch(sender.stderr, /^halfclose: Cannot deliver "a\.bin" to /);
    assertEquals(await Deno.readFile(`${all.to}/a.bin`), content);
  }
});

Deno.test("a receiver without room is exit 9, remote-io, for the sender and 14 for itself", async () => {
  await using all = await pair("-o", "/dev/full");
  assertEquals(await failure(all.address), [9, "remote-io"]);
  assertEquals(await all.receiver.code(), 14);
});

Deno.test("a taken port is exit 15, bind; a directory that is not there is exit 14", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = await run(["receive", String(listener.addr.port)]);
  assertEquals(taken.code, 15);
  assertMatch(taken.stderr, /^halfclose: Cannot listen on 127[^\n]+\n$/);
  const nowhere = await run(["receive", "-d", "/there/is/none", "0"]);
  assertEquals(nowhere.code, 14);
});

Deno.test("a lost connection is tried again, and says so", async () => {
  await using stage = playing((peer) => peer.hear("open"));
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, BYTES);
  const { code, stdout, stderr } = await run([
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

Deno.test("strangers are one line each, and the next transfer succeeds", async () => {
  await using all = await pair();
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
  const { code } = await run(["send", `${all.from}/a.bin`, all.address]);
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

/** A transfer that would take long, in its middle. */
async function midway(all: Pair): Promise<Running> {
  await Deno.writeFile(`${all.from}/slow`, noise(900_000));
  const args = ["send", "--json", "--retry", "0", "--limit-rate", "100k"];
  const sender = halfclose([...args, `${all.from}/slow`, all.address]);
  await sender.stdout.until(/"event":"progress".*"bytes":[1-9]/);
  return sender;
}

Deno.test("SIGINT ends the sender with 130 within two seconds; the receiver is told and keeps nothing", async () => {
  await using all = await pair("--once", "--json");
  await using sender = await midway(all);
  const from = performance.now();
  sender.kill("SIGINT");
  assertEquals(await sender.code(), 130);
  const receiver = await ended(all.receiver);
  assert(performance.now() - from < 2_000);
  assertEquals(receiver.code, 11);
  assertMatch(receiver.stderr, /Cannot receive the rest: it was interrupted/);
  assertEquals(await tree(all.to), []);
});

Deno.test("SIGINT ends the receiver with 130 within two seconds; the sender is told and nothing is kept", async () => {
  await using all = await pair("--json");
  await using sender = await midway(all);
  const from = performance.now();
  all.receiver.kill("SIGINT");
  assertEquals(await all.receiver.code(), 130);
  const { code, stderr } = await ended(sender);
  assert(performance.now() - from < 2_000);
  assertEquals(code, 8);
  assertMatch(stderr, /the receiver is stopping/);
  assertEquals(await tree(all.to), []);
});

Deno.test("a signal is exit 0 for a receiver that is idle", async () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await using all = await pair();
    all.receiver.kill(signal);
    assertEquals(await all.receiver.code(), 0);
  }
});

Deno.test("a receiver killed between the last byte and its receipt is exit 13, never 0", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, noise(200_000));
  // Nobody reads its stdout, so it has all the bytes and cannot let them go.
  await using receiver = new Deno.Command("deno", {
    args: ["run", "--quiet", "-P", "cli.ts", "receive", "-o", "-", "0"],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines = receiver.stderr.pipeThrough(new TextDecoderStream()).values();
  const { value } = await lines.next();
  const [, port] = /127\.0\.0\.1:(\d+)/.exec(value!)!;
  const address = `127.0.0.1:${port}`;
  const args = ["send", "--json", "--retry", "0", `${dir.path}/a`, address];
  await using sender = halfclose(args);
  // Said twice, a heartbeat apart: END, which follows the data, is out.
  await sender.stdout.until(/"bytes":200000[^]*"bytes":200000/);
  receiver.kill("SIGKILL");
  const { code, stdout } = await ended(sender);
  assertEquals(code, 13);
  assert(!stdout.includes('"event":"receipt"'));
  await lines.return?.();
  await receiver.stdout.cancel();
});
