// The lab: that its verdicts come from evidence, that the evidence is what the
// standards guarantee, and that it leaves nothing behind. `deno task lab:test`
// runs all of it; without --allow-ffi only what needs no sockets runs.

import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertStringIncludes,
} from "@std/assert";
import { EXPERIMENTS } from "../lab/all.ts";
import { Bench } from "../lab/bench.ts";
import type { Timed } from "../lab/calls.ts";
import { drawLadders } from "../lab/ladder.ts";
import { call, countDescriptors } from "../lab/libc.ts";
import { MILLION } from "../lab/million.ts";
import { ROWS } from "../lab/million_table.ts";
import { parseTcpTable, userId } from "../lab/proc.ts";
import { Program } from "../lab/program.ts";
import { type Report, runAll } from "../lab/run.ts";
import { shutRead } from "../lab/shutdown.ts";
import type { Tally } from "../lab/tally.ts";
import { parsePacket } from "../lab/tcpdump.ts";
import { CASES } from "./lab/cases.ts";

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

const LONGEST_LAB_MS = 60_000;

const ffi = Deno.permissions.querySync({ name: "ffi" }).state === "granted";
// Opens the C library before any test, which would be charged with it.
const root = ffi && userId() === 0;

/** A test that talks to the kernel. */
function kernelTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: !ffi });
}

/** The keys and types of a value, so that figures do not matter. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return "array";
  if (value === null || typeof value !== "object") {
    // A return value or an error's name: both are one kind of answer.
    return ["number", "string"].includes(typeof value) || value === null
      ? "answer"
      : typeof value;
  }
  if ("runs" in value) return Object.keys(value).sort(); // counts by name
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]),
  );
}

async function collect(
  numbers: readonly number[],
  ladders = false,
): Promise<Map<number, Report>> {
  const chosen = EXPERIMENTS.filter(({ number }) => numbers.includes(number));
  const reports = new Map<number, Report>();
  for await (const report of runAll(chosen, ladders)) {
    reports.set(report.number, report);
  }
  return reports;
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

Deno.test("verdict() of every claim can come out more than one way", () => {
  assertEquals(CASES.map(({ number }) => number).sort((a, b) => a - b), [
    ...Array.from({ length: 36 }, (_, i) => i + 1),
  ]);
  for (const { number, judged } of CASES) {
    for (const { found, wanted } of judged) {
      assertEquals(found, wanted, `claim ${number}`);
    }
    const kinds = new Set(judged.map(({ found }) => found));
    assertGreaterOrEqual(kinds.size, 2, `claim ${number} is not fixed`);
  }
});

Deno.test("verdict() of claim 21 says which of the two books is right", () => {
  const read = { result: 0, whenEmpty: 0, peerSent: 10 };
  const texts = [
    { ...read, queuedBefore: 6, sentAfter: 10 },
    { ...read, queuedBefore: 0, sentAfter: 0 },
  ].map((evidence) => JSON.stringify(shutRead.verdict(evidence)));
  assertStringIncludes(texts[0] ?? "", "'throws away' is wrong here");
  assertStringIncludes(texts[1] ?? "", "'throws away' is right here");
});

kernelTest(
  "errno is that of the call's own thread while others fail too",
  async () => {
    using first = await Program.start("first");
    using second = await Program.start("second");
    const rounds = 5_000;
    const { value: fd } = await second.call("socket", "stream");
    const [notOpen, notConnected] = await Promise.all([
      first.run(Array(rounds).fill(["close", -1] as const)),
      second.run(Array(rounds).fill(["recv", fd, 1] as const)),
    ]);
    await second.call("close", fd);
    const names = (
      results: readonly Timed[],
    ) => [...new Set(results.map(({ errno }) => errno))];
    assertEquals(names(notOpen), ["EBADF"]);
    assertEquals(names(notConnected), ["ENOTCONN"]);
    const [a, b] = [notOpen, notConnected].map((results) => ({
      start: results.at(0)?.start ?? Infinity,
      end: results.at(-1)?.end ?? -Infinity,
    }));
    assert(a && b && a.start < b.end && b.start < a.end, "they ran at once");
  },
);

kernelTest("a blocking call blocks its own thread only", async () => {
  await using bench = await Bench.open();
  const pair = await bench.pair();
  let returned = false;
  const reading = bench.server.call("recv", pair.server, 1)
    .finally(() => returned = true);
  const written = await bench.client.call("send", pair.client, "x");
  assertEquals(written.value, 1);
  assertEquals((await reading).value, 1);
  assert(returned);
});

kernelTest(
  "the whole lab: shapes, fixed verdicts, and nothing left behind",
  async () => {
    await collect([1, 36], true); // what the runtime opens once is open now
    const before = await settledDescriptors();
    const begun = performance.now();
    const reports = await collect(EXPERIMENTS.map(({ number }) => number));
    assertLess(performance.now() - begun, LONGEST_LAB_MS);

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

kernelTest(
  "a ladder shows the RST of claim 11, from packets or from what it caused",
  async () => {
    const ladders = (await collect([11], true)).get(11)?.ladders ?? [];
    assertEquals(ladders.length, 2);
    const [reset, orderly] = ladders;
    assertStringIncludes(reset ?? "", "─ RST");
    assertStringIncludes(orderly ?? "", "─ FIN");
    assert(!orderly?.includes("RST"), orderly);
    if (root) assertStringIncludes(reset ?? "", "tcpdump");
  },
);

Deno.test("drawLadders() implies FIN and RST where nobody may capture", () => {
  const ladder = drawLadders([{
    label: "x",
    clientPort: 1,
    serverPort: 2,
    descriptors: new Map(),
    events: [
      { kind: "states", at: 1, client: "FIN_WAIT2", server: "CLOSE_WAIT" },
      { kind: "call", at: 2, end: 2, side: "client", text: "r() = ECONNRESET" },
    ],
  }], null).join();
  assertStringIncludes(ladder, "─ FIN ─");
  assertStringIncludes(ladder, "─ RST ─");
  assertStringIncludes(ladder, "implied by the states");
});

Deno.test("parsePacket() reads tcpdump's TCP and UDP lines and no others", () => {
  const line = "1700000000.500000 IP 127.0.0.1.40000 > 127.0.0.1.5000: " +
    "Flags [F.], seq 1:6, ack 14, win 512, options [nop], length 5";
  assertEquals(parsePacket(line), {
    at: 1700000000500,
    from: 40000,
    to: 5000,
    flags: "F.",
    length: 5,
  });
  const datagram = "1.0 IP 127.0.0.1.4 > 127.0.0.1.9: UDP, length 3";
  assertEquals(parsePacket(datagram)?.flags, "");
  assertEquals(
    parsePacket("1.0 ARP, Request who-has 10.0.0.1, length 28"),
    null,
  );
});

Deno.test("parseTcpTable() reads ports, state and queues, and leaves the FIN out", () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue …
   0: 0100007F:1F90 0100007F:9C40 08 00000002:0000000B 00:00000000 …`;
  assertEquals(parseTcpTable(text), [
    { port: 8080, peer: 40000, state: "CLOSE_WAIT", unsent: 2, unread: 10 },
  ]);
});

kernelTest("five claims look the same from Python", async () => {
  const reports = await collect([11, 18, 21, 22, 33]);
  const script = new URL("./lab/second_source.py", import.meta.url);
  const { stdout, success } = await new Deno.Command("python3", {
    args: [script.pathname],
    stderr: "inherit",
  }).output();
  assert(success, "the Python script failed");
  const python = JSON.parse(new TextDecoder().decode(stdout));
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
});

Deno.test("nothing in lib/ imports the lab, and it is not published", async () => {
  const root = new URL("../", import.meta.url);
  for await (const { name } of Deno.readDir(new URL("lib/", root))) {
    if (!name.endsWith(".ts")) continue;
    const source = await Deno.readTextFile(new URL(`lib/${name}`, root));
    assert(!/from "[^"]*\/lab\//.test(source), `lib/${name} imports the lab`);
  }
  const config = await Deno.readTextFile(new URL("deno.json", root));
  assert(JSON.parse(config).publish.exclude.includes("lab/"));
});
