import { assert, assertEquals } from "@std/assert";
import { tableOf } from "../../lib/cli/demo.ts";
import { experiment } from "../../lib/cli/demo/experiment.ts";
import { MILLION, sumUp } from "../../lib/cli/demo/ways.ts";

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
