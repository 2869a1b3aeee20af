import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { backoff, retrying } from "../../lib/base/retry.ts";

Deno.test("backoff() doubles from 200 ms to 15 s and keeps at least half", () => {
  for (
    const [attempt, full] of [
      [1, 200],
      [2, 400],
      [3, 800],
      [7, 12_800],
      [8, 15_000],
      [1000, 15_000],
      [2000, 15_000],
    ] as const
  ) {
    for (let turn = 0; turn < 100; turn++) {
      const wait = backoff(attempt);
      assert(wait >= full / 2 && wait <= full, `${attempt}: ${wait}`);
      assert(Number.isInteger(wait));
    }
  }
});

Deno.test("backoff() does not bring all senders back at the same moment", () => {
  const waits = Array.from({ length: 50 }, () => backoff(8));
  assert(new Set(waits).size > 10);
});

Deno.test("retrying() ends its wait with the signal's reason, and tries no more", async () => {
  const soon = [
    (act: () => void) => act(),
    (act: () => void) => void setTimeout(act, 0), // in the middle of the wait
  ];
  for (const when of soon) {
    const stop = new AbortController();
    const reason = new RangeError("enough");
    let attempts = 0;
    const retried = retrying({
      retry: 5,
      signal: stop.signal,
      onRetry: () => when(() => stop.abort(reason)),
    }, {
      attempt() {
        attempts++;
        throw new TransferError("lost", "Cannot go on: it was cut");
      },
    });
    assertEquals(await assertRejects(() => retried, RangeError), reason);
    assertEquals(attempts, 1);
  }
});

Deno.test("retrying() waits after progress as it did before the first retry", async () => {
  const stop = new AbortController();
  const waits: number[] = [];
  let attempts = 0;
  const { random } = Math;
  Math.random = () => 0; // each wait is half of the backoff
  try {
    const retried = retrying({
      retry: Infinity,
      signal: stop.signal,
      onRetry({ wait }) {
        waits.push(wait);
        if (waits.length === 3) stop.abort();
      },
    }, {
      attempt() {
        attempts++;
        throw new TransferError("lost", "Cannot go on: it was cut");
      },
      moved: () => attempts === 3,
    });
    await assertRejects(() => retried, DOMException);
  } finally {
    Math.random = random;
  }
  assertEquals(waits, [100, 200, 100]);
});
