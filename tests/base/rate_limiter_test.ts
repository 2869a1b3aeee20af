import { assert, assertEquals } from "@std/assert";
import { Pace } from "../../lib/base/rate_limiter.ts";

Deno.test("Pace holds a sender to its rate", async () => {
  const pace = new Pace(10_000);
  const from = performance.now();
  for (let sent = 0; sent < 3000; sent += pace.piece) {
    await pace.spend(pace.piece, () => false);
  }
  // 3,000 bytes at 10,000 a second; the last piece is not waited for, and a
  // tenth of a second may be made up.
  assert(performance.now() - from >= 95, `${performance.now() - from} ms`);
});

Deno.test("Pace cuts pieces of a tenth of a second, never of nothing", () => {
  assertEquals(new Pace(10_000).piece, 1000);
  assertEquals(new Pace(11).piece, 2);
  assertEquals(new Pace(1).piece, 1);
  assertEquals(new Pace(0.1).piece, 1);
  assertEquals(new Pace(Infinity).piece, Infinity);
});

Deno.test("Pace without a limit never waits", async () => {
  const pace = new Pace(Infinity);
  let asked = false;
  for (let turn = 0; turn < 1000; turn++) {
    await pace.spend(2 ** 40, () => asked = true);
  }
  assertEquals(asked, false);
});

Deno.test("Pace can be left within a nap, however long the wait would be", async () => {
  const pace = new Pace(1);
  await pace.spend(1_000_000, () => false); // eleven days' worth
  const from = performance.now();
  let asked = 0;
  await pace.spend(1, () => ++asked > 1);
  assert(performance.now() - from < 10_000);
  assertEquals(asked, 2);
});
