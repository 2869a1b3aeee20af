import { assertEquals, assertRejects } from "@std/assert";
import { TaskGroup } from "../../lib/base/task_group.ts";

/** Work that ends when it is told to. */
function work() {
  return Promise.withResolvers<void>();
}

Deno.test("TaskGroup.slotFree() waits while as much is under way as may be", async () => {
  const pending = new TaskGroup(2), [a, b] = [work(), work()];
  await pending.slotFree();
  pending.add(a.promise);
  await pending.slotFree();
  pending.add(b.promise);
  const ended: string[] = [];
  const room = pending.slotFree().then(() => ended.push("room"));
  b.promise.then(() => ended.push("b"));
  b.resolve();
  await room;
  assertEquals(ended, ["b", "room"]);
  a.resolve();
  await pending.allDone();
});

Deno.test("TaskGroup.allDone() waits for what is added meanwhile, currentDone() does not", async () => {
  const pending = new TaskGroup(), [early, late] = [work(), work()];
  pending.add(early.promise);
  const now = pending.currentDone();
  let none = false;
  const waiting = pending.allDone().then(() => none = true);
  pending.add(late.promise);
  early.resolve();
  await now;
  await pending.slotFree();
  assertEquals(none, false);
  late.resolve();
  await waiting;
});

Deno.test("TaskGroup.allDone() throws the first failure, once all has ended", async () => {
  const pending = new TaskGroup(), last = work();
  pending.add(Promise.reject(new RangeError("first")));
  pending.add(Promise.reject(new RangeError("second")));
  pending.add(last.promise);
  await pending.slotFree(); // nobody has looked at them: that is no crash
  last.resolve();
  await pending.currentDone();
  await assertRejects(() => pending.allDone(), RangeError, "first");
});
