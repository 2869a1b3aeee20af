import { assert, assertEquals, assertMatch } from "@std/assert";
import { tableOf } from "../../../lib/cli/run/demo.ts";
import { experiment } from "../../../lib/cli/run/demo/experiment.ts";
import { MILLION, sumUp } from "../../../lib/cli/run/demo/ways.ts";
import { ended, onTerminal, ROOT, Running } from "../../support/children.ts";
import { bash, sh, type ShellLine } from "../../support/commands.ts";
import { rejectsWith, tempDir, tree } from "../../support/helpers.ts";
import { needs } from "../../support/needs.ts";

Deno.test("sumUp() counts whole runs, the worst one and each belief once", () => {
  const arrivals = [{ bytes: MILLION }, { bytes: 5, error: "reset" }, {
    bytes: MILLION,
  }];
  const beliefs = [
    { says: "x", receipt: false },
    { says: "ok", receipt: true },
    { says: "ok", receipt: true },
  ];
  assertEquals(sumUp("close", arrivals, beliefs), {
    way: "close",
    runs: 3,
    complete: 2,
    fewest: 5,
    receipts: 2,
    believed: ["ok", "x"],
  });
});

Deno.test("tableOf() lines its columns up", () => {
  const row = { runs: 20, receipts: 0, believed: ["a", "b"] } as const;
  const lines = tableOf([
    { ...row, way: "close", complete: 0, fewest: 65_536, believed: ["a", "b"] },
    { ...row, way: "verified", complete: 20, fewest: MILLION, believed: ["c"] },
  ]).split("\n");
  assertEquals(lines, [
    "way                 runs   all arrived   fewest bytes   the sender believed",
    "write, close          20             0         65,536   a; b",
    "verified transfer     20            20      1,000,000   c",
  ]);
});

Deno.test("the experiment is real: only half-closing or asking for a receipt loses nothing", async () => {
  const rows = await experiment(2);
  assertEquals(rows.map(({ way }) => way), ["close", "half-close", "verified"]);
  const [close, halfClose, verified] = rows;
  assert(close!.fewest < MILLION, "write and close lost nothing here");
  assertEquals([halfClose!.complete, verified!.complete], [2, 2]);
  assertEquals([halfClose!.receipts, verified!.receipts], [0, 2]);
});

Deno.test("a program of the demo that fails is one line", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/deno`;
  const script = sh`#!/bin/sh
    echo boom >&2
    echo at x.ts >&2
    exit 3`;
  await Deno.writeTextFile(path, script, { mode: 0o755 });
  const { execPath } = Deno;
  Deno.execPath = () => path;
  try {
    const { message } = await rejectsWith("internal", () => experiment(1));
    assertEquals(
      message,
      'Cannot finish the demo: its receiver ended with exit code 3, saying "boom"',
    );
  } finally {
    Deno.execPath = execPath;
  }
});

/** Starts the demo by a line for a shell, with a directory of its own. */
function demo(line: ShellLine, dir: string): Running {
  const program = bash(sh`export TMPDIR=${dir}; ${line}`);
  return onTerminal(program, "one program to another");
}

needs(
  ["python3"],
  "Ctrl-C ends the demo with 130, and nothing is left of it",
  async () => {
    await using dir = await tempDir();
    // What is typed there ends in ^J: let that be the key that interrupts.
    const line = sh`stty intr ^J; trap : INT; deno run -q -P=demo cli.ts demo`;
    await using terminal = demo(
      sh`${line}; echo "ended $?"`,
      dir.path,
    );
    const { stdout } = await ended(terminal);
    const [, , ...rest] = stdout.trimEnd().split("\r\n").filter(Boolean);
    assertEquals(rest.at(-1), "ended 130");
    assertMatch(rest.at(-2)!, /halfclose: Interrupted by SIGINT$/);
    assertEquals(rest.length, 2, stdout);
    assertEquals(await tree(dir.path), []);
  },
);

Deno.test("SIGTERM ends the demo with 143, and nothing is left of it", async () => {
  await using dir = await tempDir();
  await using program = new Running(
    "deno",
    ["run", "-q", "-P=demo", "cli.ts", "demo"],
    { cwd: ROOT, env: { TMPDIR: dir.path } },
  );
  await program.stdout.until(/one program to another/);
  program.kill("SIGTERM");
  const { code, stderr } = await ended(program);
  assertEquals([code, stderr], [143, "halfclose: Interrupted by SIGTERM\n"]);
  assertEquals(await tree(dir.path), []);
});
