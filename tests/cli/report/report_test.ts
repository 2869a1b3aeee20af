import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import type { ProgressView } from "../../../lib/cli/report/progress.ts";
import {
  Reporter,
  reportFatal,
  type ReportOptions,
} from "../../../lib/cli/report/report.ts";
import type { Receipt } from "../../../lib/model/receipt.ts";
import { type Printed, printed } from "../../support/printed.ts";

const RECEIPT: Receipt = {
  id: "00112233445566778899aabbccddeeff",
  name: "dir/a.bin",
  bytes: 1_000_000,
  sha256: "ab".repeat(32),
  durable: true,
  existing: false,
  committedAt: "2026-01-01T00:00:00.000Z",
};

const LOST = new TransferError("lost", {
  doing: 'deliver "a" to h:1',
  found: "it is gone",
});

/** What is printed under some options. */
function reporting(
  options: Partial<ReportOptions>,
  act: (report: Reporter) => void,
): Promise<Printed> {
  const view: ProgressView = { update() {}, clear() {}, stop() {} };
  const all = {
    direction: "send",
    json: false,
    quiet: false,
    stdoutTaken: false,
    ...options,
  } as const;
  return printed(() => act(new Reporter(all, view)));
}

Deno.test("a receipt is one JSON line, to the letter of the contract", async () => {
  const { stdout, stderr } = await reporting(
    { json: true },
    (report) => report.event({ event: "receipt", receipt: RECEIPT }),
  );
  assertEquals(stdout, [
    '{"event":"receipt","id":"00112233445566778899aabbccddeeff",' +
    '"name":"dir/a.bin","bytes":1000000,' +
    `"sha256":"${"ab".repeat(32)}","durable":true,"existing":false,` +
    '"committedAt":"2026-01-01T00:00:00.000Z"}',
  ]);
  assertEquals(stderr, []);
});

Deno.test("a receipt for people says what holds, and stays on stdout alone", async () => {
  const sha256 = RECEIPT.sha256;
  for (
    const [more, notes] of [
      [{}, ""],
      [{ existing: true }, ", there already"],
      [{ durable: false }, ", not durable"],
    ] as const
  ) {
    const found = await reporting(
      {},
      (report) =>
        report.event({ event: "receipt", receipt: { ...RECEIPT, ...more } }),
    );
    assertEquals(found, {
      stdout: [
        `delivered "dir/a.bin" 1000000 bytes sha256:${sha256}${notes}`,
      ],
      stderr: [],
    });
  }
});

Deno.test("names are escaped before they reach a terminal", async () => {
  const name = 'a\x1b[31m\u202e\n"';
  const { stdout } = await reporting(
    { direction: "receive" },
    (report) =>
      report.event({ event: "receipt", receipt: { ...RECEIPT, name } }),
  );
  assertEquals(stdout.length, 1);
  assert(
    stdout[0]!.startsWith('received "a\\u{1b}[31m\\u{202e}\\u{a}\\"" '),
    stdout[0],
  );
});

Deno.test("where stdout carries data, results go to stderr", async () => {
  const { stdout, stderr } = await reporting(
    { stdoutTaken: true, direction: "receive" },
    (report) => report.event({ event: "receipt", receipt: RECEIPT }),
  );
  assertEquals(stdout, []);
  assert(stderr[0]!.startsWith('halfclose: received "dir/a.bin"'));
});

Deno.test("a raw transfer is never called a receipt", async () => {
  const raw = { bytes: 5, sha256: "cd".repeat(32), clean: true } as const;
  const json = await reporting(
    { json: true },
    (report) => report.event({ event: "raw", report: raw }),
  );
  assertEquals(json.stdout, [
    `{"event":"raw","bytes":5,"sha256":"${"cd".repeat(32)}","clean":true}`,
  ]);
  const plain = await reporting(
    {},
    (report) => report.event({ event: "raw", report: raw }),
  );
  assertEquals(plain.stdout, [
    `sent 5 bytes sha256:${"cd".repeat(32)}, closed cleanly, ` +
    "contents unconfirmed",
  ]);
});

Deno.test("an error is JSON with code, message and retriable, and one line on stderr", async () => {
  const { stdout, stderr } = await reporting(
    { json: true, quiet: true },
    (report) => report.event({ event: "error", error: LOST }),
  );
  assertEquals(stdout, [
    '{"event":"error","code":"lost",' +
    '"message":"Cannot deliver \\"a\\" to h:1: it is gone","retriable":true}',
  ]);
  assertEquals(stderr, ['halfclose: Cannot deliver "a" to h:1: it is gone']);
});

Deno.test("of many failures twenty are listed, and the rest is counted", async () => {
  const errors = Array.from(
    { length: 25 },
    (_, at) =>
      new TransferError("rejected", { doing: `deliver ${at}`, found: "no" }),
  );
  const all = new TransferError("rejected", {
    doing: "deliver 25",
    found: "no",
  }, {
    errors,
  });
  const { stderr } = await reporting(
    {},
    (report) => report.event({ event: "error", error: all }),
  );
  assertEquals(stderr.length, 1 + 20 + 1);
  assertEquals(stderr.at(-1), "halfclose:   and 5 more");
});

Deno.test("quiet is quiet: no results, no notes, no progress", async () => {
  const found = await reporting({ quiet: true }, (report) => {
    report.log("listening on h:1");
    report.event({ event: "connected", id: 1, peer: "h:1" });
    report.event({ event: "progress", phase: "receiving", bytes: 1 });
    report.event({ event: "receipt", receipt: RECEIPT });
    report.close();
  });
  assertEquals(found, { stdout: [], stderr: [] });
});

Deno.test("progress is an event with what the receiver has", async () => {
  const { stdout } = await reporting({ json: true }, (report) => {
    report.event({ event: "progress", phase: "syncing", bytes: 5, total: 10 });
    report.event({ event: "progress", phase: "receiving", bytes: 5 });
  });
  assertEquals(stdout.map((line) => JSON.parse(line)), [
    { event: "progress", bytes: 5, total: 10, phase: "syncing" },
    { event: "progress", bytes: 5, phase: "receiving" },
  ]);
});

Deno.test("what was connected is closed once, at the end at the latest", async () => {
  const { stdout } = await reporting({ json: true }, (report) => {
    for (const [at, peer] of ["a", "b", "b", "c"].entries()) {
      report.event({ event: "connected", id: at + 1, peer });
    }
    for (
      const [id, peer] of [[2, "b"], [4, "c"], [4, "c"], [5, "d"]] as const
    ) {
      report.event({ event: "closed", id, peer });
    }
    report.close();
    report.close();
  });
  assertEquals(
    stdout.map((line) => JSON.parse(line)).map(({ event, peer }) =>
      `${event} ${peer}`
    ),
    [
      ...["connected a", "connected b", "connected b", "connected c"],
      ...["closed b", "closed c", "closed a", "closed b"],
    ],
  );
});

Deno.test("reportFatal() gives the exit code, and the place of a bug", async () => {
  const usage = new TransferError("usage", {
    doing: "read the command line",
    found: "x",
  });
  let code = 0;
  const one = await printed(() => code = reportFatal(usage));
  assertEquals([code, one.stderr], [2, [
    "halfclose: Cannot read the command line: x",
  ]]);
  const bug = await printed(() => code = reportFatal(new RangeError("oops")));
  assertEquals([code, bug.stderr[0]], [1, "halfclose: Cannot go on: oops"]);
  assert(bug.stderr.length > 1);
});

Deno.test("reportFatal() escapes what a bug's message holds, wherever it shows", async () => {
  const bug = new RangeError("a\x1b[2J\x9b\u202eb");
  const { stdout, stderr } = await printed(() => reportFatal(bug, true));
  assertEquals(JSON.parse(stdout[0]!).code, "internal");
  const shown = "a\\u{1b}[2J\\u{9b}\\u{202e}b";
  assert(stderr[0]!.endsWith(shown) && stderr[1]!.endsWith(shown));
  assert(!/[\p{Cc}\p{Cf}]/u.test([...stdout, ...stderr].join("")));
});

Deno.test("reportFatal() is an event, too, where a program listens", async () => {
  const usage = new TransferError("usage", {
    doing: "read the command line",
    found: "x",
  });
  assertEquals(await printed(() => reportFatal(usage, true)), {
    stdout: [
      '{"event":"error","code":"usage",' +
      '"message":"Cannot read the command line: x","retriable":false}',
    ],
    stderr: ["halfclose: Cannot read the command line: x"],
  });
});
