import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { CallbackGuard } from "../../lib/base/callbacks.ts";
import { TransferError } from "../../lib/base/errors.ts";

/** What a guard throws in the end. */
function thrownBy(guard: CallbackGuard): TransferError {
  return assertThrows(() => guard.rethrow(), TransferError);
}

Deno.test("CallbackGuard calls at once and throws nothing where nothing failed", async () => {
  const guard = new CallbackGuard();
  const called: number[] = [];
  guard.call("count", () => called.push(1));
  assertEquals(called, [1]);
  guard.call("count", () => Promise.resolve().then(() => called.push(2)));
  await guard.settled();
  assertEquals(called, [1, 2]);
  guard.rethrow();
});

Deno.test("CallbackGuard keeps the first error, thrown or rejected with, as internal", async () => {
  const [first, second] = [new RangeError("no screen"), new Error("no pen")];
  const guard = new CallbackGuard();
  guard.call("draw it", () => {
    throw first;
  });
  guard.call("write it", () => Promise.reject(second));
  await guard.settled();
  const error = thrownBy(guard);
  assertEquals(
    [error.code, error.message, error.retriable],
    ["internal", "Cannot draw it: no screen", false],
  );
  assertStrictEquals(error.cause, first);
  const other = new CallbackGuard();
  other.call("write it", () => Promise.reject(second));
  await other.settled();
  assertStrictEquals(thrownBy(other).cause, second);
});

Deno.test("CallbackGuard goes on calling after an error", () => {
  const guard = new CallbackGuard();
  let calls = 0;
  for (let time = 0; time < 3; time++) {
    guard.call("count", () => {
      calls++;
      throw new Error("no");
    });
  }
  assertEquals(calls, 3);
});

Deno.test("a library error that a callback throws is no outcome of the transfer", () => {
  const guard = new CallbackGuard();
  const cause = new TransferError("lost", {
    doing: "store",
    found: "the database is gone",
  });
  guard.call("tell", () => {
    throw cause;
  });
  const error = thrownBy(guard);
  assertEquals([error.code, error.cause], ["internal", cause]);
});

Deno.test("settled() waits for a promise that comes while it waits", async () => {
  const guard = new CallbackGuard();
  const first = Promise.withResolvers<void>();
  const order: string[] = [];
  guard.call("one", async () => {
    await first.promise;
    guard.call("two", async () => {
      await Promise.resolve();
      order.push("two");
    });
  });
  const settled = guard.settled().then(() => order.push("settled"));
  first.resolve();
  await settled;
  assertEquals(order, ["two", "settled"]);
});

for (const when of ["before", "during"] as const) {
  Deno.test(`settled() ends with an abort ${when} the wait, and leaves the rest`, async () => {
    const guard = new CallbackGuard();
    const late = Promise.withResolvers<void>();
    guard.call("wait", () => late.promise);
    const stop = new AbortController();
    if (when === "before") stop.abort();
    const settled = guard.settled(stop.signal);
    stop.abort();
    await settled;
    late.reject(new Error("nobody asks any more")); // no unhandled rejection
    guard.rethrow();
  });
}

Deno.test("report() is not called again while its last promise is pending", async () => {
  const guard = new CallbackGuard();
  let pending = Promise.withResolvers<void>();
  const heard: number[] = [];
  const report = (one: number) =>
    guard.report("report", () => {
      heard.push(one);
      return pending.promise;
    });
  for (const one of [1, 2, 3]) report(one);
  guard.call("count", () => heard.push(0)); // another callback is called
  assertEquals(heard, [1, 0]);
  pending.resolve();
  await guard.settled();
  pending = Promise.withResolvers();
  for (const one of [4, 5]) report(one);
  pending.reject(new RangeError("no screen"));
  await guard.settled();
  report(6); // after a rejection too
  await guard.settled();
  assertEquals(heard, [1, 0, 4, 6]);
  assert(thrownBy(guard).cause instanceof RangeError);
});

Deno.test("report() goes on after one that throws", () => {
  const guard = new CallbackGuard();
  let calls = 0;
  for (let time = 0; time < 3; time++) {
    guard.report("report", () => {
      calls++;
      throw new Error("no");
    });
  }
  assertEquals(calls, 3);
});
