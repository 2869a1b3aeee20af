import { assert, assertEquals, assertRejects } from "@std/assert";
import { SessionRegistry } from "../../lib/server/sessions.ts";

Deno.test("SessionRegistry gives each session an id, though their peers have one address", async () => {
  const registry = new SessionRegistry();
  const gate = Promise.withResolvers<void>();
  const before = Date.now();
  for (let number = 0; number < 3; number++) {
    registry.run("a local process", () => gate.promise);
  }
  const sessions = [...registry];
  assertEquals(sessions.map(({ info }) => info), [
    { id: 1, peer: "a local process" },
    { id: 2, peer: "a local process" },
    { id: 3, peer: "a local process" },
  ]);
  for (const { since, progress } of sessions) {
    assert(+since >= before && +since <= Date.now());
    assertEquals(progress, undefined);
  }
  gate.resolve();
  await registry.allDone();
});

/** Lets the work that has settled be noticed, which takes a few turns. */
async function onlyOneLeft(registry: SessionRegistry): Promise<void> {
  for (let turns = 0; registry.size > 1; turns++) {
    assert(turns < 1_000, `${registry.size} sessions are registered`);
    await null;
  }
}

Deno.test("SessionRegistry forgets a session that has ended, and never its id", async () => {
  const registry = new SessionRegistry();
  const gate = Promise.withResolvers<void>();
  registry.run("a", () => Promise.resolve());
  registry.run("b", () => gate.promise);
  await null;
  await onlyOneLeft(registry);
  registry.run("c", () => gate.promise);
  assertEquals([...registry].map(({ id, peer }) => [id, peer]), [
    [2, "b"],
    [3, "c"],
  ]);
  gate.resolve();
  await registry.allDone();
  assertEquals(registry.size, 0);
});

Deno.test("SessionRegistry waits for all, then throws what the first threw", async () => {
  const registry = new SessionRegistry();
  const gate = Promise.withResolvers<void>();
  registry.run("a", () => Promise.reject(new RangeError("first")));
  registry.run("b", () => gate.promise);
  const done = registry.allDone();
  let ended = false;
  const ending = done.catch(() => ended = true);
  await onlyOneLeft(registry);
  assertEquals(ended, false);
  gate.resolve();
  await assertRejects(() => done, RangeError, "first");
  await ending;
});
