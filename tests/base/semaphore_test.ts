import { assertEquals, assertRejects } from "@std/assert";
import { Budget } from "../../lib/base/semaphore.ts";
import { TransferError } from "../../lib/base/errors.ts";

Deno.test("Budget.take() waits for units, and everybody's turn comes in order", async () => {
  const budget = new Budget(10);
  await budget.take(6);
  const order: string[] = [];
  const large = budget.take(8).then(() => order.push("large"));
  const small = budget.take(1).then(() => order.push("small"));
  await Promise.resolve();
  assertEquals(order, []); // the small one does not overtake
  budget.give(6);
  await Promise.all([large, small]);
  assertEquals(order, ["large", "small"]);
});

Deno.test("Budget.take() does not wait while there is enough", async () => {
  const budget = new Budget(2);
  await budget.take(1);
  await budget.take(1);
  budget.give(2);
  await budget.take(2);
});

Deno.test("Budget.take() refuses what there will never be", async () => {
  const budget = new Budget(2);
  await assertRejects(() => budget.take(3), RangeError, "3 of 2");
  await budget.take(2); // nobody is stuck behind it
});

Deno.test("Budget.take() gives up in the end, and whoever is next has a turn", async () => {
  const budget = new Budget(10);
  await budget.take(6);
  const large = budget.take(8, { patience: 20 });
  const small = budget.take(4, { patience: 60_000 });
  assertEquals(budget.contended, true);
  const error = await assertRejects(() => large, TransferError, "busy");
  assertEquals([error.code, error.retriable], ["rejected", true]);
  await small;
  assertEquals(budget.contended, false);
  budget.give(10);
  await budget.take(10); // nothing was lost on the way
});

Deno.test("Budget.take() ends with a signal's reason, and whoever is next has a turn", async () => {
  const budget = new Budget(10);
  await budget.take(6);
  const gone = new AbortController();
  const large = budget.take(8, { signal: gone.signal });
  const small = budget.take(4);
  gone.abort(new RangeError("gone"));
  await assertRejects(() => large, RangeError, "gone");
  await small;
  await assertRejects(
    () => budget.take(1, { signal: gone.signal }),
    RangeError,
  );
  budget.give(10);
  await budget.take(10); // nothing was lost on the way
});
