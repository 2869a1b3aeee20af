import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { Semaphore } from "../../lib/base/semaphore.ts";

Deno.test("Semaphore.acquire() waits for units, and everybody's turn comes in order", async () => {
  const budget = new Semaphore(10);
  await budget.acquire(6);
  const order: string[] = [];
  const large = budget.acquire(8).then(() => order.push("large"));
  const small = budget.acquire(1).then(() => order.push("small"));
  await Promise.resolve();
  assertEquals(order, []); // the small one does not overtake
  budget.release(6);
  await Promise.all([large, small]);
  assertEquals(order, ["large", "small"]);
});

Deno.test("Semaphore.acquire() does not wait while there is enough", async () => {
  const budget = new Semaphore(2);
  const both = [budget.acquire(1), budget.acquire(1)];
  assertEquals(budget.contended, false);
  await Promise.all(both);
  const third = budget.acquire(1);
  assertEquals(budget.contended, true);
  budget.release(2);
  await third;
  assertEquals(budget.contended, false);
});

Deno.test("Semaphore.acquire() refuses what there will never be", async () => {
  const budget = new Semaphore(2);
  await assertRejects(() => budget.acquire(3), RangeError, "3 of 2");
  await budget.acquire(2); // nobody is stuck behind it
});

Deno.test("Semaphore.acquire() gives up in the end, and whoever is next has a turn", async () => {
  const budget = new Semaphore(10);
  await budget.acquire(6);
  const large = budget.acquire(8, { patience: 20 });
  const small = budget.acquire(4, { patience: 60_000 });
  assertEquals(budget.contended, true);
  const error = await assertRejects(() => large, TransferError, "busy");
  assertEquals([error.code, error.retriable], ["rejected", true]);
  await small;
  assertEquals(budget.contended, false);
  budget.release(10);
  await budget.acquire(10); // nothing was lost on the way
});

Deno.test("Semaphore.acquire() ends with a signal's reason, and whoever is next has a turn", async () => {
  const budget = new Semaphore(10);
  await budget.acquire(6);
  const gone = new AbortController();
  const large = budget.acquire(8, { signal: gone.signal });
  const small = budget.acquire(4);
  gone.abort(new RangeError("gone"));
  await assertRejects(() => large, RangeError, "gone");
  await small;
  await assertRejects(
    () => budget.acquire(1, { signal: gone.signal }),
    RangeError,
  );
  budget.release(10);
  await budget.acquire(10); // nothing was lost on the way
});
