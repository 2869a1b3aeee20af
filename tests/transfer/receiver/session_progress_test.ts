// How far a session says it is: no more than is true, and no total that is none.

import { assertEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import type { Progress } from "../../../lib/model/progress.ts";
import { data, end, failing, finish, open } from "../../support/scripted.ts";
import { BYTES, talk } from "../../support/session_talk.ts";
import { type Hooks, slowCommit, watchedSink } from "../../support/sinks.ts";

const SIZE = { size: BYTES.length };

/** A session, and what it says about how far it is. */
async function watched(hooks: Hooks) {
  const heard: Progress[] = [];
  const onProgress = (one: Progress) => heard.push(one);
  return { heard, all: await talk({ onProgress }, watchedSink(hooks)) };
}

/** Something that takes until a test lets it go on. */
function gate() {
  const begun = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const wait = () => (begun.resolve(), gone.promise);
  return { wait, begun: begun.promise, open: gone.resolve };
}

Deno.test("progress has the only entry's total, also once that has its receipt", async () => {
  const { commit, finish: release } = slowCommit();
  const { all, heard } = await watched({ commit });
  using _ = all;
  await all.sender.say(open(0, SIZE), data(0, BYTES), end(0, BYTES));
  await all.sender.hear("accept");
  await all.sender.hear("alive");
  const there = { bytes: 1_000, total: 1_000 };
  assertEquals(heard.at(-1), { phase: "syncing", ...there });
  release();
  await all.sender.hear("receipt");
  await all.sender.hear("alive");
  assertEquals(heard.at(-1), { phase: "receiving", ...there });
  await all.sender.say(finish(1));
  await all.sender.end();
  await all.outcome;
});

Deno.test("progress has no total while an entry is looked at", async () => {
  const look = gate();
  const { all, heard } = await watched({ open: look.wait });
  using _ = all;
  await all.sender.say(open(0, SIZE));
  await look.begun;
  await all.sender.hear("alive");
  assertEquals(heard.at(-1), { phase: "verifying", bytes: 0 });
  look.open();
  await all.sender.end();
  await failing(all.outcome);
});

Deno.test("progress has no total where the only entry failed", async () => {
  const { all, heard } = await watched({
    write() {
      throw new TransferError("local-io", {
        doing: "store",
        found: "no space is left",
      });
    },
  });
  using _ = all;
  await all.sender.say(open(0, SIZE), data(0, BYTES));
  await all.sender.hear("accept");
  await all.sender.hear("fail");
  await all.sender.hear("alive");
  assertEquals(heard.at(-1), { phase: "receiving", bytes: 0 });
  await all.sender.end();
  await failing(all.outcome);
});

Deno.test("progress ends where a session ends badly: what is kept is none of it", async () => {
  const keep = gate();
  const { all, heard } = await watched({ abort: keep.wait });
  using _ = all;
  await all.sender.say(open(0, SIZE), data(0, BYTES), end(7, BYTES));
  await keep.begun;
  await all.sender.hear("accept");
  const before = heard.length;
  await all.sender.hear("alive");
  assertEquals(heard.slice(before), []);
  keep.open();
  await all.sender.end();
  assertEquals((await failing(all.outcome)).code, "protocol");
});
