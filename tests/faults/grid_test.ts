// A sample of the grid of phases and deeds, by a seed that is printed; all of
// it is `deno task test:nightly`.

import { needs } from "../support/needs.ts";
import { formatTarget, play, type Square, squares } from "./grid.ts";
import { seeded } from "./seed.ts";
import { each } from "./small.ts";

const SAMPLE = 18;

needs(
  ["strace"],
  "whatever ends a side at whatever phase: no lie, no wrong file, and again is 0 (1, 3, 6, 7, 8)",
  async () => {
    const random = seeded("grid");
    const left = [...squares()];
    const sample: Square[] = [];
    while (sample.length < SAMPLE) {
      sample.push(...left.splice(random(left.length), 1));
    }
    await each(sample, 3, async (square) => {
      try {
        await play(square);
      } catch (cause) {
        throw new Error(`Cannot pass "${formatTarget(square)}"`, { cause });
      }
    });
  },
);
