// The lab: that its verdicts come from evidence, that the evidence is what the
// standards guarantee, and that it leaves nothing behind. Without --allow-ffi
// only what needs no sockets runs.

import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
} from "@std/assert";
import { EXPERIMENTS } from "../../lab/all.ts";
import { Bench } from "../../lab/bench.ts";
import { call, countDescriptors } from "../../lab/libc.ts";
import { MILLION } from "../../lab/million.ts";
import { ROWS } from "../../lab/million_table.ts";
import type { Report } from "../../lab/run.ts";
import type { Tally } from "../../lab/tally.ts";
import { run } from "../support/children.ts";
import { CASES } from "./cases.ts";
import { collect, kernelTest } from "./kernel.ts";

/** What a kernel that follows the standards must answer. */
const FIXED: Record<number, string> = {
  1: "holds",
  2: "does not hold",
  3: "holds",
  5: "does not hold",
  6: "holds",
  7: "holds",
  8: "holds",
  11: "holds",
  15: "holds",
  19: "holds",
  23: "holds",
  24: "holds",
  25: "holds",
  26: "holds",
  27: "holds",
  28: "holds",
  30: "holds",
  31: "holds",
  32: "holds",
  34: "holds",
  35: "holds",
  36: "holds",
};

/**
 * The keys and types of evidence, so that figures do not matter. What a call
 * gave is a number or an error's name, and both are an answer.
 */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [shapeOf(value[0])];
  if (typeof value === "number") {
    assert(Number.isFinite(value), "a figure that was never taken");
    return "answer";
  }
  if (typeof value === "string" || value === null) return "answer";
  if (typeof value !== "object") return typeof value;
  if ("runs" in value) return Object.keys(value).sort(); // counts by name
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]),
  );
}

/** Whether this process has any child, a zombie included. */
function hasChildren(): boolean {
  const WNOHANG = 1;
  const status = new Int32Array(1);
  return call((c) => c.waitpid(-1, status, WNOHANG)).errno !== "ECHILD";
}

/**
 * How many descriptors are open, once that no longer changes: a worker's own
 * go when its thread has ended, a moment after terminate().
 */
async function settledDescriptors(): Promise<number> {
  const looks: number[] = [];
  while (looks.length < 300) {
    looks.push(countDescriptors().value);
    const last = looks.slice(-20);
    if (last.length === 20 && new Set(last).size === 1) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return looks.at(-1) ?? NaN;
}

Deno.test("lab has the claims 1 to 36, each with what a reader needs", () => {
  const numbers = EXPERIMENTS.map(({ number }) => number);
  assertEquals(numbers, Array.from({ length: 36 }, (_, i) => i + 1));
  for (const { number, claim, why, sources } of EXPERIMENTS) {
    assertLess(claim.length, 110, `claim ${number} is one line`);
    assertGreaterOrEqual(why.length, 100, `claim ${number} is explained`);
    assertGreaterOrEqual(sources.length, 1, `claim ${number} has a source`);
  }
});

kernelTest(
  "the whole lab: shapes, fixed verdicts, and nothing left behind",
  async () => {
    await collect([1, 36], true); // what the runtime opens once is open now
    const before = await settledDescriptors();
    const reports = await collect(EXPERIMENTS.map(({ number }) => number));

    for (const { number, model } of CASES) {
      const evidence = reports.get(number)?.evidence;
      assertEquals(shapeOf(evidence), shapeOf(model), `evidence of ${number}`);
      assert((reports.get(number)?.seen.length ?? 0) > 10, `seen of ${number}`);
    }
    const fixed = EXPERIMENTS.filter(({ fixedBy }) => fixedBy !== undefined);
    assertEquals(fixed.map(({ number }) => `${number}`), Object.keys(FIXED));
    for (const { number, fixedBy } of fixed) {
      const { verdict, seen } = reports.get(number) as Report;
      assertEquals(
        verdict.kind,
        FIXED[number],
        `${number}, ${fixedBy}: ${seen}`,
      );
    }

    const quiz = reports.get(12)?.evidence as Tally;
    assertEquals(quiz.runs, 100);
    assertLess(quiz.fewest, MILLION);
    assertGreaterOrEqual(quiz.endings["ECONNRESET"] ?? 0, 1);
    assertLess(quiz.complete, quiz.runs);
    const half = reports.get(15)?.evidence as Tally;
    assertEquals([half.runs, half.complete], [100, 100]);

    assert(!hasChildren(), "a child process is left");
    assertEquals(await settledDescriptors(), before, "descriptors");
  },
);

kernelTest(
  "the million bytes: only the half-close is complete, and no way knows of a crash",
  async () => {
    await using bench = await Bench.open();
    const tallies = new Map<string, Tally>();
    for (const row of ROWS) {
      tallies.set(row.name, await row.run(bench, 20));
      bench.clear();
    }
    assertEquals(tallies.get("half-close")?.complete, 20);
    assertLess(tallies.get("write and close")?.complete ?? 20, 20);
    const crash = tallies.get("half-close, B crashes");
    assertEquals([crash?.complete, crash?.believed], [0, { success: 20 }]);
  },
);

kernelTest("five claims look the same from Python", async () => {
  const reports = await collect([11, 18, 21, 22, 33]);
  const script = new URL("./second_source.py", import.meta.url);
  const python = JSON.parse(await run("python3", script.pathname));
  // deno-lint-ignore no-explicit-any -- evidence of five different types
  const lab = (number: number): any => reports.get(number)?.evidence;
  const { closeResult, closeMs, readAfter, sent, peerEnd } = lab(18);
  const bindsOf = (binds: { without: unknown; with: unknown }) => ({
    without: binds.without,
    with: binds.with,
  });
  assertEquals(python, {
    11: lab(11),
    18: {
      closeResult,
      waitedForLinger: closeMs > 900 && closeMs < 2_000,
      readAll: readAfter === sent,
      peerEnd,
    },
    21: lab(21),
    22: { first: lab(22).first, second: lab(22).second },
    33: { plain: bindsOf(lab(33).plain), reusing: bindsOf(lab(33).reusing) },
  });
}, ["python3"]);

Deno.test("nothing in lib/ imports the lab, and it is not published", async () => {
  const root = new URL("../../", import.meta.url);
  let files = 0;
  const look = async (folder: URL) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await look(new URL(`${name}/`, folder));
      if (!name.endsWith(".ts")) continue;
      files++;
      const source = await Deno.readTextFile(new URL(name, folder));
      assert(!/from "[^"]*\/lab\//.test(source), `${name} imports the lab`);
    }
  };
  await look(new URL("lib/", root));
  assert(files > 0, "no file was looked at");
  const config = await Deno.readTextFile(new URL("deno.json", root));
  assert(JSON.parse(config).publish.exclude.includes("lab/"));
});
