import { assert, assertEquals } from "@std/assert";
import { RateLimiter } from "../../lib/base/rate_limiter.ts";

Deno.test("RateLimiter holds a sender to its rate", async () => {
  const limiter = new RateLimiter(10_000);
  const from = performance.now();
  for (let sent = 0; sent < 3000; sent += limiter.burst) {
    await limiter.wait(limiter.burst, () => false);
  }
  // 3,000 bytes at 10,000 a second; the last piece is not waited for, and a
  // tenth of a second may be made up.
  assert(performance.now() - from >= 95, `${performance.now() - from} ms`);
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
  const limiter = new RateLimiter(1);
  await limiter.wait(1_000_000, () => false); // eleven days' worth
  const from = performance.now();
  let asked = 0;
  await limiter.wait(1, () => ++asked > 1);
  assert(performance.now() - from < 10_000);
  assertEquals(asked, 2);
});
