import { assertEquals } from "@std/assert";
import {
  PlainView,
  RateMeter,
  sumOf,
} from "../../../lib/cli/report/progress.ts";
import { printed } from "../../support/printed.ts";

/** Runs with a clock that is turned by hand. */
function withClock(act: (turn: (ms: number) => void) => void): void {
  const { now } = performance;
  let at = 1_000;
  performance.now = () => at;
  try {
    act((ms) => at += ms);
  } finally {
    performance.now = now;
  }
}

Deno.test("plain progress is a line every two seconds, with rate and time left", async () => {
  const { stdout, stderr } = await printed(() =>
    withClock((turn) => {
      const view = new PlainView();
      const total = 10_000_000;
      view.update({ phase: "receiving", bytes: 0, total });
      turn(1_000);
      view.update({ phase: "receiving", bytes: 1_000_000, total });
      turn(1_000);
      view.update({ phase: "receiving", bytes: 2_000_000, total });
      turn(500);
      view.update({ phase: "receiving", bytes: 2_500_000, total });
      turn(1_500);
      view.update({ phase: "syncing", bytes: 10_000_000, total });
      view.stop();
    })
  );
  assertEquals(stdout, []);
  assertEquals(stderr, [
    "halfclose: 2.00 MB of 10.0 MB, 20 %, 1.00 MB/s, ETA 0:08, receiving",
    "halfclose: 10.0 MB of 10.0 MB, 100 %, 3.00 MB/s, ETA 0:00, syncing",
  ]);
});

Deno.test("plain progress of an unknown length shows no share and no time left", async () => {
  const { stderr } = await printed(() =>
    withClock((turn) => {
      const view = new PlainView();
      view.update({ phase: "receiving", bytes: 0 });
      turn(2_000);
      view.update({ phase: "receiving", bytes: 3_000 });
    })
  );
  assertEquals(stderr, ["halfclose: 3.00 kB, 1.50 kB/s, receiving"]);
});

Deno.test("an empty transfer is all there, not a division by zero", async () => {
  const { stderr } = await printed(() =>
    withClock((turn) => {
      const view = new PlainView();
      turn(2_000);
      view.update({ phase: "committing", bytes: 0, total: 0 });
    })
  );
  assertEquals(stderr, [
    "halfclose: 0 B of 0 B, 100 %, 0 B/s, ETA -:--, committing",
  ]);
});

Deno.test("RateMeter forgets what is older than three seconds", () => {
  const meter = new RateMeter();
  assertEquals(meter.add(0, 0), 0);
  assertEquals(meter.add(1_000, 1_000), 1_000);
  assertEquals(meter.add(1_000, 3_000), 1_000 / 3);
  assertEquals(meter.add(1_000, 4_500), 0);
  assertEquals(meter.add(4_000, 6_000), 1_000);
});

Deno.test("sumOf() adds sessions up, and their totals where all are known", () => {
  const one = { phase: "receiving", bytes: 1, total: 10 } as const;
  const two = { phase: "receiving", bytes: 2, total: 20 } as const;
  const pipe = { phase: "receiving", bytes: 4 } as const;
  assertEquals(sumOf([one]), { bytes: 1, total: 10 });
  assertEquals(sumOf([one, two]), { bytes: 3, total: 30 });
  assertEquals(sumOf([one, pipe, two]), { bytes: 7 });
});
