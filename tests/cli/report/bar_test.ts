// The bar on a real terminal, and what a person sees of it in the end.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { ended, onTerminal } from "../../support/children.ts";
import { bash, sh } from "../../support/commands.ts";
import { type Pair, pair } from "../../support/cli_pair.ts";
import { noise, sha256Of } from "../../support/helpers.ts";
import { needs } from "../../support/needs.ts";
import { Screen } from "../../support/screen.ts";

/** Enough for a second, so that the bar is drawn more than once. */
const BYTES = noise(1_000_000);

/** What a file is sent with, and its receipt says. */
const RATE = ["--limit-rate", "1M"];
const RECEIPT = ` 1000000 bytes sha256:${sha256Of(BYTES)}`;

/** Sends on a terminal; how that ended, and what is seen. */
async function sending(
  columns: number,
  rows: number,
  args: string[],
  where = "",
) {
  const line = sh`stty rows ${rows} cols ${columns}; export TERM=xterm
    exec deno run -q -P cli.ts send "$@" ${where}`;
  await using program = onTerminal(bash(line, ...args));
  const { code, stdout } = await ended(program);
  const screen = new Screen(columns, rows);
  screen.write(stdout);
  return { code, screen };
}

/** Puts files where they can be sent from. */
async function prepared(all: Pair, ...names: string[]): Promise<string[]> {
  const paths = names.map((name) => `${all.from}/${name}`);
  for (const path of paths) await Deno.writeFile(path, BYTES);
  return paths;
}

for (const [columns, rows] of [[110, 30], [80, 3]] as const) {
  const size = `${columns}x${rows}`;

  needs(
    ["python3"],
    `on ${size} a bar leaves the whole receipt and nothing else`,
    async () => {
      await using all = await pair();
      const args = [...RATE, ...await prepared(all, "a"), all.address];
      const { code, screen } = await sending(columns, rows, args);
      assertEquals(code, 0);
      assert(screen.drawn.length > 1, "there was no bar");
      assertEquals(screen.lines(), [`delivered "a"${RECEIPT}`]);
      assert(screen.wraps, "what comes later is cut");
    },
  );

  needs(
    ["python3"],
    `on ${size} a bar leaves every receipt and every error`,
    async () => {
      await using all = await pair();
      const names = ["a", "b", "c"];
      const paths = await prepared(all, ...names);
      await Deno.writeTextFile(`${all.to}/b`, "something else");
      const args = ["--limit-rate", "2M", ...paths, all.address];
      const { code, screen } = await sending(columns, rows, args);
      assertEquals(code, 8);
      assert(screen.drawn.length > 1, "there was no bar");
      const [first, second, error, ...more] = screen.lines();
      assertEquals([first, second], [
        `delivered "a"${RECEIPT}`,
        `delivered "c"${RECEIPT}`,
      ]);
      assertMatch(error!, /^halfclose: Cannot deliver "b" to .*[a-z]$/);
      assertEquals(more, []);
    },
  );
}

needs(
  ["python3"],
  "on 80 columns a bar shows what is being done, to the last letter",
  async () => {
    await using all = await pair();
    const args = [...RATE, ...await prepared(all, "a"), all.address];
    const { screen } = await sending(80, 30, args);
    const bars = screen.drawn.filter((row) => row.includes(" | "));
    assert(bars.length > 1, "there was no bar");
    const phase = /^[█░]{8,} .* \| (receiving|verifying|syncing|committing)$/;
    for (const bar of bars) assertMatch(bar, phase);
  },
);

needs(["python3"], "a bar is there while results go elsewhere", async () => {
  await using all = await pair();
  const args = [...RATE, "--json", ...await prepared(all, "a"), all.address];
  const { code, screen } = await sending(80, 30, args, ">/dev/null");
  assertEquals([code, screen.lines()], [0, []]);
  assert(screen.drawn.some((row) => row.includes(" | receiving")));
});

needs(
  ["python3"],
  "a terminal that can do no more than print gets lines",
  async () => {
    await using all = await pair();
    const path = `${all.from}/a.bin`;
    const line = sh`export TERM=dumb; exec deno run -q -P cli.ts send "$@"`;
    const args = ["--limit-rate", "40k", path, all.address];
    await using program = onTerminal(bash(line, ...args));
    const { code, stdout } = await ended(program);
    assertEquals(code, 0);
    assert(!stdout.includes("\x1b"), stdout);
    assertMatch(stdout, /^halfclose: .* receiving\r\ndelivered .*\r\n$/);
  },
);
