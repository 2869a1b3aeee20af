import { assertEquals } from "@std/assert";
import { RateLimiter } from "../../lib/base/rate_limiter.ts";
import { FakeTime } from "../support/fake_time.ts";

Deno.test("RateLimiter holds a sender to its rate", async () => {
  using time = new FakeTime();
  const limiter = new RateLimiter(10_000);
  const sent: number[] = [];
  for (let turn = 0; turn < 4; turn++) {
    await time.until(limiter.wait(limiter.burst, () => false));
    sent.push(Math.round(time.passed));
  }
  // A piece is a tenth of a second's, and goes when those before it have had
  // their time.
  assertEquals(sent, [0, 100, 200, 300]);
});

Deno.test("RateLimiter cuts pieces of a tenth of a second, never of nothing", () => {
  assertEquals(new RateLimiter(10_000).burst, 1000);
  assertEquals(new RateLimiter(11).burst, 2);
  assertEquals(new RateLimiter(1).burst, 1);
  assertEquals(new RateLimiter(0.1).burst, 1);
  assertEquals(new RateLimiter(Infinity).burst, Infinity);
});

Deno.test("RateLimiter without a limit never waits", async () => {
  const limiter = new RateLimiter(Infinity);
  let asked = false;
  for (let turn = 0; turn < 1000; turn++) {
    await limiter.wait(2 ** 40, () => asked = true);
  }
  assertEquals(asked, false);
});

Deno.test("RateLimiter can be left within a nap, however long the wait would be", async () => {
  using time = new FakeTime();
  const limiter = new RateLimiter(1);
  await limiter.wait(1_000_000, () => false); // eleven days' worth
  let asked = 0;
  await time.until(limiter.wait(1, () => ++asked > 1));
  assertEquals([asked, time.passed], [2, 100]);
});
