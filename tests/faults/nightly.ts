// All that is too much for every run: `deno task test:nightly`.

import { assertEquals } from "@std/assert";
import { needs } from "../support/needs.ts";
import { formatTarget, play, squares } from "./grid.ts";
import { guess } from "./guessing.ts";
import { killLoop } from "./kill_loop.ts";
import { checkModel } from "./model.ts";
import { seedOf } from "./seed.ts";
import { wanLoop } from "./wan_loop.ts";

for (const square of squares()) {
  needs(["strace"], `grid: ${formatTarget(square)}`, () => play(square));
}

Deno.test("model: two thousand stories", async () => {
  await checkModel(seedOf("model"), 2_000);
});

Deno.test("200 kills of the receiver during a transfer of 1 GB", async () => {
  const report = await killLoop({ kills: 200, megabytes: 1_000 });
  const { kills, code, identical, left } = report;
  assertEquals({ kills, code, identical, left }, {
    kills: 200,
    code: 0,
    identical: true,
    left: ["file"],
  });
});

needs(
  ["ip", "nft", "netns"],
  "40 cuts of a lossy cable during a transfer of 200 MB",
  async () => {
    const report = await wanLoop({ cuts: 40, megabytes: 200 });
    const { cuts, code, identical, left } = report;
    assertEquals({ cuts, code, identical, left }, {
      cuts: 40,
      code: 0,
      identical: true,
      left: ["file"],
    });
  },
);

Deno.test("10,000 wrong guesses at a key get one kind of answer and open nothing", async () => {
  const { made, answers, opened } = await guess(10_000);
  assertEquals({ made, answers, opened }, {
    made: 10_000,
    answers: 1,
    opened: 0,
  });
});
