// A receiver that is killed again and again, and a sender that gets through.

import { assert, assertEquals } from "@std/assert";
import { killLoop } from "./kill_loop.ts";

Deno.test("a transfer outlives a receiver that is killed at random moments (1, 3, 6)", async () => {
  const kills = 8;
  const report = await killLoop({ kills, megabytes: 48, life: 400 });
  const { code, identical, left } = report;
  assertEquals({ code, identical, left }, {
    code: 0,
    identical: true,
    left: ["file"],
  });
  assertEquals(report.kills, kills);
  assert(report.retries >= kills / 2, `only ${report.retries} retries`);
});
