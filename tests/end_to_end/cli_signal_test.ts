// Programs that are asked to end, or made to.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { ended, halfclose, ROOT, type Running } from "../support/children.ts";
import { type Pair, pair } from "../support/cli_pair.ts";
import { noise, tempDir, tree } from "../support/helpers.ts";

/** A transfer that would take long, in its middle. */
async function midway(all: Pair): Promise<Running> {
  await Deno.writeFile(`${all.from}/slow`, noise(900_000));
  const args = ["send", "--json", "--retry", "0", "--limit-rate", "100k"];
  const sender = halfclose([...args, `${all.from}/slow`, all.address]);
  await sender.stdout.until(/"event":"progress".*"bytes":[1-9]/);
  return sender;
}

Deno.test("SIGINT ends the sender with 130; the receiver is told and keeps nothing", async () => {
  await using all = await pair("--once", "--json");
  await using sender = await midway(all);
  sender.kill("SIGINT");
  assertEquals(await sender.code(), 130);
  const receiver = await ended(all.receiver);
  assertEquals(receiver.code, 11);
  assertMatch(receiver.stderr, /Cannot receive the rest: it was interrupted/);
  assertEquals(await tree(all.to), []);
});

Deno.test("SIGINT ends the receiver with 130; the sender is told and nothing is kept", async () => {
  await using all = await pair("--json");
  await using sender = await midway(all);
  all.receiver.kill("SIGINT");
  assertEquals(await all.receiver.code(), 130);
  const { code, stderr } = await ended(sender);
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
