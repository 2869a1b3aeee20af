import { assertEquals } from "@std/assert";
import type { Progress } from "../../lib/model/progress.ts";
import { RawProgress } from "../../lib/raw/progress.ts";

Deno.test("RawProgress tells four times a second at most, and the end in any case", () => {
  const { now } = performance;
  let at = 5_000;
  performance.now = () => at;
  const heard: Progress[] = [];
  try {
    const progress = new RawProgress((one) => heard.push(one), 3_000);
    for (let bytes = 1; bytes <= 3_000; bytes++, at++) {
      // At 0, 250, … 750 ms, and at 2,999 ms after a long pause.
      if (bytes <= 1_000 || bytes === 3_000) progress.moved(bytes);
    }
    progress.ended(3_000);
  } finally {
    performance.now = now;
  }
  assertEquals(
    heard,
    [1, 251, 501, 751, 3_000, 3_000].map((bytes) => ({
      phase: "receiving",
      bytes,
      total: 3_000,
    })),
  );
});

Deno.test("RawProgress has no total where none is known", () => {
  const heard: Progress[] = [];
  new RawProgress((one) => heard.push(one)).ended(0);
  assertEquals(heard, [{ phase: "receiving", bytes: 0 }]);
});
