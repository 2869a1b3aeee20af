// A cable that loses packets and is cut, with nobody told.

import { assert, assertEquals } from "@std/assert";
import { needs } from "../support/needs.ts";
import { wanLoop } from "./wan_loop.ts";

needs(
  ["ip", "nft", "netns"],
  "a transfer outlives a lossy cable that is cut and mended (1, 6, 7)",
  async () => {
    const report = await wanLoop({ cuts: 3, megabytes: 12 });
    const { code, identical, left, cuts } = report;
    assertEquals({ code, identical, left, cuts }, {
      code: 0,
      identical: true,
      left: ["file"],
      cuts: 3,
    });
    assert(report.seconds < 60, `${report.seconds} s`);
  },
);
