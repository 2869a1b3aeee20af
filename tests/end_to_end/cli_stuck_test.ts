// What nothing can interrupt must not keep the program from ending.

import { assertEquals } from "@std/assert";
import { onTerminal, ROOT, run, Running } from "../support/children.ts";
import { bash, sh } from "../support/commands.ts";
import { tempDir } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";

/** Starts the program. Without --allow-env its first words come early. */
function early(args: string[]): Running {
  const allowed = ["--allow-read", "--allow-write", "--allow-net"];
  return new Running("deno", ["run", "-q", ...allowed, "cli.ts", ...args], {
    cwd: ROOT,
  });
}

/** A pipe with a name, that nobody has opened. */
async function pipe() {
  const dir = await tempDir();
  const path = `${dir.path}/pipe`;
  await run("mkfifo", path);
  return { path, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

const SIGNALS = [["SIGINT", 130], ["SIGTERM", 143]] as const;

for (const [signal, exit] of SIGNALS) {
  for (
    const [what, args] of [
      ["a sender of a pipe without a writer", ["send", "PIPE", "127.0.0.1:9"]],
      ["a receiver into a pipe without a reader", [
        "receive",
        "-o",
        "PIPE",
        "0",
      ]],
    ] as const
  ) {
    Deno.test(`${what} ends on ${signal}`, async () => {
      await using at = await pipe();
      await using program = early(
        args.map((arg) => arg === "PIPE" ? at.path : arg),
      );
      await program.stderr.until(/going on without looking at/);
      await endsOn(program, signal, exit);
    });
  }
}

Deno.test("a program that waits for its key ends on SIGINT", async () => {
  await using at = await pipe();
  await using program = early([
    ...["receive", "--key-file", at.path, "0"],
  ]);
  // Open once the program has opened it: now it reads, and there is nothing.
  using _writer = await Deno.open(at.path, { write: true });
  await endsOn(program, "SIGINT", 130);
});

/** The program at its question for a key, and the terminal behind it. */
function asking(after = ""): Running {
  const program = sh`exec deno run -q -P cli.ts receive --key-file - 0`;
  // What is typed there ends in ^J: let that be the key that interrupts.
  const lines = sh`trap : INT; stty intr ^J
    bash -c 'echo "number $$"; ${program}'; echo "ended $?"
    stty -a`;
  return onTerminal(bash(lines), after);
}

/** Sees how it ended, and that what is typed next is shown again. */
async function leaves(terminal: Running, exit: number): Promise<void> {
  await terminal.stdout.until(new RegExp(`ended ${exit}`));
  const [echo] = await terminal.stdout.until(/-?\becho\b/);
  const [lines] = await terminal.stdout.until(/-?\bicanon\b/);
  assertEquals([echo, lines], ["echo", "icanon"]);
}

const QUESTION = "will not be shown):";

needs(
  ["python3"],
  "Ctrl-C at the question for a key ends the program and leaves the terminal as it was",
  async () => {
    await using terminal = asking(QUESTION);
    await leaves(terminal, 130);
  },
);

needs(
  ["python3"],
  "SIGTERM at the question for a key ends the program and leaves the terminal as it was",
  async () => {
    await using terminal = asking("what nobody prints");
    await terminal.stdout.until(/will not be shown\):/);
    const [, pid] = await terminal.stdout.until(/number (\d+)/);
    Deno.kill(Number(pid), "SIGTERM");
    await leaves(terminal, 143);
  },
);

Deno.test("a raw sender of an idle stdin ends on SIGINT", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  const program = new Deno.Command("deno", {
    args: ["run", "-q", "-P", "cli.ts", "send", "--raw", "-", address],
    cwd: ROOT,
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  using _conn = await listener.accept();
  program.kill("SIGINT");
  const { code } = await program.status;
  assertEquals(code, 130);
  assertEquals(
    await new Response(program.stderr).text(),
    "halfclose: Interrupted by SIGINT\n",
  );
  await program.stdin.close();
});

async function endsOn(
  program: Running,
  signal: Deno.Signal,
  exit: number,
): Promise<void> {
  program.kill(signal);
  assertEquals(await program.code(), exit);
  const said = (await program.stderr.text()).trimEnd().split("\n").at(-1);
  assertEquals(said, `halfclose: Interrupted by ${signal}`);
}
