import { assertEquals } from "@std/assert";
import { ProgressThrottle } from "../../lib/model/progress_throttle.ts";

function dueAt(throttle: ProgressThrottle, times: number[]): number[] {
  return times.filter((now) => throttle.isDue(now));
}

Deno.test("ProgressThrottle lets the first report pass, then one an interval", () => {
  const throttle = new ProgressThrottle(250);
  const times = [5, 6, 254, 255, 300, 504, 505, 5_000, 5_001];
  assertEquals(dueAt(throttle, times), [5, 255, 505, 5_000]);
});

Deno.test("ProgressThrottle can hold the first report back", () => {
  const throttle = new ProgressThrottle(2_000, 3_000);
  assertEquals(dueAt(throttle, [0, 2_999, 3_000, 4_999, 5_000]), [
    3_000,
    5_000,
  ]);
});
