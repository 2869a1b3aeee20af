import { assertEquals, assertRejects } from "@std/assert";
import { Pending } from "../../lib/base/task_group.ts";

/** Work that ends when it is told to. */
function work() {
  return Promise.withResolvers<void>();
}

Deno.test("Pending.room() waits while as much is under way as may be", async () => {
  const pending = new Pending(2), [a, b] = [work(), work()];
  await pending.room();
  pending.add(a.promise);
  await pending.room();
  pending.add(b.promise);
  const ended: string[] = [];
  const room = pending.room().then(() => ended.push("room"));
  b.promise.then(() => ended.push("b"));
  b.resolve();
  await room;
  assertEquals(ended, ["b", "room"]);
  a.resolve();
  await pending.none();
});

Deno.test("Pending.none() waits for what is added meanwhile, now() does not", async () => {
  const pending = new Pending(), [early, late] = [work(), work()];
  pending.add(early.promise);
  const now = pending.now();
  let none = false;
  const waiting = pending.none().then(() => none = true);
  pending.add(late.promise);
  early.resolve();
  await now;
  await pending.room();
  assertEquals(none, false);
  late.resolve();
  await waiting;
});

Deno.test("Pending.none() throws the first failure, once all has ended", async () => {
  const pending = new Pending(), last = work();
  pending.add(Promise.reject(new RangeError("first")));
  pending.add(Promise.reject(new RangeError("second")));
  pending.add(last.promise);
  await pending.room(); // nobody has looked at them: that is no crash
  last.resolve();
  await pending.now();
  await assertRejects(() => pending.none(), RangeError, "first");
});
