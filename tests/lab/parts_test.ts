// The parts of the lab: verdicts, threads and errno, ladders, what is parsed.

import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Bench } from "../../lab/bench.ts";
import type { Timed } from "../../lab/calls.ts";
import { LabError } from "../../lab/error.ts";
import { drawLadders } from "../../lab/ladder.ts";
import { main } from "../../lab/main.ts";
import { parseTcpTable } from "../../lab/proc.ts";
import { Program } from "../../lab/program.ts";
import { shutRead } from "../../lab/shutdown.ts";
import { parsePacket } from "../../lab/tcpdump.ts";
import { CASES } from "./cases.ts";
import { collect, kernelTest } from "./kernel.ts";

/** Runs the command line and keeps what it prints. */
async function lab(
  ...args: string[]
): Promise<{ code: number; out: string[]; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, {
    log: (line) => out.push(line),
    error: (line) => err.push(line),
  });
  return { code, out, err };
}

Deno.test("main() answers a number or an option that is none with its usage", async () => {
  for (const args of [["99"], ["--nonsense"], ["--runs", "many"]]) {
    const { code, out, err } = await lab(...args);
    assertEquals([code, out.length], [2, 0], args.join(" "));
    assertStringIncludes(err.join(), "Usage: deno task lab");
  }
  const { code, out } = await lab("--help");
  assertEquals(code, 0);
  assertStringIncludes(out.join(), "--explain");
});

kernelTest("main() prints a row a claim, or a JSON object a line", async () => {
  const table = await lab("5", "3");
  assertEquals(table.code, 0);
  assertEquals(table.out.length, 4); // head, two claims, summary
  assertStringIncludes(table.out[1] ?? "", " 5  does not hold");
  assertStringIncludes(table.out[2] ?? "", " 3  holds");
  const { out } = await lab("--json", "5");
  const [line] = out.map((text) => JSON.parse(text));
  assertEquals(line.number, 5);
  assertEquals(line.verdict, { kind: "does not hold" });
  assertEquals(line.evidence.bind65535, 65535);
});

kernelTest("main() --explain gives why, source and ladder", async () => {
  const { out } = await lab("--explain", "23");
  const text = out.join("\n");
  assertStringIncludes(text, "Sources: RFC 9293 section 3.6");
  assertStringIncludes(text, "shutdown(SHUT_WR) = 0");
  assertStringIncludes(text, "[CLOSE_WAIT");
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

kernelTest("a thread that fails rejects the call it was making", async () => {
  using program = await Program.start("failing");
  const none = "nonsense" as unknown as "pause";
  await assertRejects(() => program.call(none, 0), LabError, "failing");
});

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
  "a ladder shows the RST of claim 11, from packets or from what it caused",
  async () => {
    const ladders = (await collect([11], true)).get(11)?.ladders ?? [];
    assertEquals(ladders.length, 2);
    const [reset, orderly] = ladders;
    assertStringIncludes(reset ?? "", "─ RST");
    assertStringIncludes(orderly ?? "", "─ FIN");
    assert(!orderly?.includes("RST"), orderly);
  },
);

kernelTest("a ladder has its packets from tcpdump", async () => {
  const [ladder] = (await collect([11], true)).get(11)?.ladders ?? [];
  assertStringIncludes(ladder ?? "", "─ RST");
  assertStringIncludes(ladder ?? "", "tcpdump");
}, ["tcpdump", "capture"]);

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
  assertStringIncludes(ladder, "implied by what was seen");
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
