// Where results and logs go may be full. What was delivered stays delivered.

import { assertEquals } from "@std/assert";
import { ended, ROOT, Running } from "../support/children.ts";
import { sh, shell } from "../support/commands.ts";
import { noise, tempDir } from "../support/helpers.ts";

const LOST = "halfclose: Cannot print the results: No space left on device\n";

/** How many lines of progress there are depends on the machine. */
const STILL = ["--progress", "none"];

/** Starts the program behind a shell's redirections. */
function redirected(where: string, ...args: string[]): Running {
  const line = sh`exec deno run -q -P cli.ts "$@" ${where}`;
  const [program, ...rest] = shell(line, ...args);
  return new Running(program, rest, { cwd: ROOT });
}

Deno.test("a receiver whose disk for results is full goes on, and says so once", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/to`);
  const args = ["receive", ...STILL, "-d", `${dir.path}/to`, "0"];
  await using receiver = redirected(">/dev/full", ...args);
  const [, port] = await receiver.stderr.until(/127\.0\.0\.1:(\d+)/);
  const sources = ["a", "b"].map((name) => `${dir.path}/${name}`);
  for (const source of sources) {
    await Deno.writeFile(source, noise(1_000));
    const address = `127.0.0.1:${port}`;
    await using sender = redirected("", "send", "-q", source, address);
    assertEquals(await ended(sender), { code: 0, stdout: "", stderr: "" });
  }
  receiver.kill("SIGTERM");
  const { code, stderr } = await ended(receiver);
  assertEquals(code, 0);
  assertEquals(stderr.split("\n").slice(1).join("\n"), LOST);
});

for (
  const [where, json, stderr] of [
    [">/dev/full", [], LOST],
    [">/dev/full", ["--json"], LOST],
    [">/dev/full 2>&1", [], ""],
    ["2>/dev/full >/dev/null", ["--progress", "bar"], ""],
  ] as const
) {
  Deno.test(`send ${json.join(" ")} ${where} delivers with exit 0`, async () => {
    await using dir = await tempDir();
    await Deno.mkdir(`${dir.path}/to`);
    await Deno.writeFile(`${dir.path}/a`, noise(1_000));
    const address = `unix:${dir.path}/socket`;
    const to = ["-d", `${dir.path}/to`];
    await using receiver = redirected("", "receive", "--once", ...to, address);
    await receiver.stderr.until(/listening on/);
    await using sender = redirected(
      where,
      ...["send", ...STILL, ...json, `${dir.path}/a`, address],
    );
    assertEquals(await ended(sender), { code: 0, stdout: "", stderr });
    assertEquals(await receiver.code(), 0);
    assertEquals(await Deno.readFile(`${dir.path}/to/a`), noise(1_000));
  });
}

Deno.test("a key that could not be printed is exit 14, since it was all that was asked for", async () => {
  await using program = redirected(">/dev/full", "keygen");
  assertEquals(await ended(program), { code: 14, stdout: "", stderr: LOST });
});
