// Whoever is to read what the program prints has stopped reading. That must
// neither keep it from ending nor from doing what it is for.

import { assertEquals, assertMatch } from "@std/assert";
import { ended, halfclose, ROOT, run, Running } from "../support/children.ts";
import { sh, shell } from "../support/commands.ts";
import { BYTES, events, pair } from "../support/cli_pair.ts";
import { tempDir } from "../support/helpers.ts";

/** What a pipe holds by default. */
const FULL = new Uint8Array(65_536);

/** A pipe without room, that nobody reads. */
interface FullPipe extends AsyncDisposable {
  path: string;
  /** Reads it from now on, until a text has come. */
  until(text: string): Promise<string>;
}

async function fullPipe(): Promise<FullPipe> {
  const dir = await tempDir();
  const path = `${dir.path}/pipe`;
  await run("mkfifo", path);
  const file = await Deno.open(path, { read: true, write: true });
  await file.write(FULL);
  return {
    path,
    async until(text) {
      const decoder = new TextDecoder();
      const piece = new Uint8Array(FULL.length);
      let all = "";
      while (!all.includes(text)) {
        const count = await file.read(piece);
        all += decoder.decode(piece.subarray(0, count!)).replaceAll("\0", "");
      }
      return all;
    },
    async [Symbol.asyncDispose]() {
      file.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Starts the program with one of its outputs in a pipe. */
function into(pipe: FullPipe, output: 1 | 2, ...args: string[]): Running {
  const line =
    sh`to=$1; shift; exec deno run -q -P cli.ts "$@" ${output}>"$to"`;
  const [program, ...rest] = shell(line, pipe.path, ...args);
  return new Running(program, rest, { cwd: ROOT });
}

/** Sends a file to a receiver, which may be there only in a moment. */
async function deliver(path: string, name: string, address: string) {
  const args = ["send", "--retry", "20", "--name", name, path, address];
  await using sender = halfclose(args);
  assertEquals((await ended(sender)).code, 0);
}

/** Its exit code, once a signal came. */
async function endsOn(program: Running, signal: Deno.Signal) {
  program.kill(signal);
  return (await ended(program)).code;
}

for (const output of [1, 2] as const) {
  const stream = output === 1 ? "stdout" : "stderr";

  Deno.test(`a sender whose ${stream} nobody reads ends on SIGINT`, async () => {
    await using pipe = await fullPipe();
    await using all = await pair("--json", "--timeout", "5");
    await using sender = into(pipe, output, ...[
      ...["send", "--json", "--limit-rate", "20k"],
      ...[`${all.from}/a.bin`, all.address],
    ]);
    await all.receiver.stdout.until(/progress".*"bytes":[1-9]|"error"/);
    assertEquals(await endsOn(sender, "SIGINT"), 130);
  });

  Deno.test(`a receiver whose ${stream} nobody reads goes on receiving, and prints it all when somebody does`, async () => {
    await using pipe = await fullPipe();
    await using all = await pair();
    const address = `unix:${all.from}/socket`;
    const to = ["-d", all.to, address];
    await using receiver = into(pipe, output, "receive", "--json", ...to);
    const names = ["one", "two"];
    for (const name of names) {
      await deliver(`${all.from}/a.bin`, name, address);
      assertEquals(await Deno.readFile(`${all.to}/${name}`), BYTES);
    }
    if (output === 1) {
      const said = await pipe.until('"two"');
      const receipts = events(said.slice(0, said.lastIndexOf("\n")))
        .filter(({ event }) => event === "receipt");
      assertEquals(receipts.map(({ name }) => name), names);
    } else {
      await pipe.until("listening on");
    }
    assertEquals(await endsOn(receiver, "SIGTERM"), 0);
  });
}

Deno.test("a receiver whose results nobody ever reads ends on SIGTERM", async () => {
  await using pipe = await fullPipe();
  await using all = await pair();
  const address = `unix:${all.from}/socket`;
  const args = ["receive", "--json", "-d", all.to, address];
  await using receiver = into(pipe, 1, ...args);
  await deliver(`${all.from}/a.bin`, "a", address);
  assertEquals(await endsOn(receiver, "SIGTERM"), 0);
});

Deno.test("a sender that waits for somebody to read its receipt ends on SIGINT", async () => {
  await using pipe = await fullPipe();
  await using all = await pair("--once");
  await using sender = into(pipe, 1, "send", `${all.from}/a.bin`, all.address);
  assertEquals(await all.receiver.code(), 0); // so nothing else is left to do
  assertEquals(await endsOn(sender, "SIGINT"), 130);
});

Deno.test("results that nobody reads are given up after five seconds: 14 where they are all that was asked for, 0 for a delivery", async () => {
  await using pipe = await fullPipe();
  await using all = await pair();
  await using keygen = into(pipe, 1, "keygen");
  const quiet = ["send", "--progress", "none"];
  const args = [...quiet, `${all.from}/a.bin`, all.address];
  await using sender = into(pipe, 1, ...args);
  const stderr = "halfclose: Cannot print the results: nobody reads them\n";
  const found = await Promise.all(
    [keygen, sender].map(ended),
  );
  assertEquals(found, [
    { code: 14, stdout: "", stderr },
    { code: 0, stdout: "", stderr },
  ]);
});

Deno.test("a stream into a pipe that nobody reads ends on SIGINT", async () => {
  await using pipe = await fullPipe();
  await using all = await pair();
  await using receiver = into(pipe, 1, "receive", "-o", "-", "0");
  const [address] = await receiver.stderr.until(/127\.0\.0\.1:\d+/);
  const args = ["send", "--json", `${all.from}/a.bin`, address];
  await using sender = halfclose(args);
  await sender.stdout.until(/"event":"progress".*"bytes":[1-9]/);
  assertEquals(await endsOn(receiver, "SIGINT"), 130);
});

Deno.test("a peer's answer that nobody reads is given up, and is exit 14", async () => {
  await using pipe = await fullPipe();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  const start = () =>
    into(pipe, 1, ...[
      "send",
      "--raw",
      "--timeout",
      "5",
      "--reply",
      "-",
      "cli.ts",
      address,
    ]);
  const answer = async (conn: Deno.Conn) => {
    await conn.write(BYTES);
    await conn.closeWrite();
  };
  {
    await using sender = start();
    using conn = await listener.accept();
    await answer(conn);
    assertEquals(await endsOn(sender, "SIGINT"), 130);
  }
  await using sender = start();
  using conn = await listener.accept();
  await answer(conn);
  const { code, stderr } = await ended(sender);
  assertEquals(code, 14);
  assertMatch(stderr, /the answer was not kept \(nobody reads it\)\n$/);
});
