import { assert, assertEquals, assertRejects } from "@std/assert";
import { SESSION } from "../../../lib/wire/frames.ts";
import { FAIR, memoryPair } from "../../faults/memory_conn.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { data, fail, finish, open } from "../../support/scripted.ts";
import { BYTES, opened, talk, whole } from "../../support/session_talk.ts";
import { slowCommit, watchedSink } from "../../support/sinks.ts";

Deno.test("a session that is aborted tells its sender and leaves nothing", async () => {
  const stop = new AbortController();
  using all = await talk({ signal: stop.signal });
  await opened(all.sender, 0);
  await all.sender.say(data(0, BYTES));
  stop.abort(new RangeError("enough"));
  const said = await all.sender.hear("fail");
  assertEquals<unknown>(
    said,
    fail(SESSION, { retriable: true, reason: "the receiver is stopping" }),
  );
  assertEquals(await all.sender.end(), []);
  const reason = await all.outcome.catch((error) => error);
  assert(reason instanceof RangeError && reason.message === "enough");
  assertEquals([all.sink.drafts.size, all.sink.files.size], [0, 0]);
});

Deno.test("an abort does not wait for a sender that does not care", async () => {
  using time = new FakeTime();
  const stop = new AbortController();
  const options = { signal: stop.signal };
  using all = await talk(options, watchedSink(), memoryPair(FAIR));
  await opened(all.sender, 0);
  stop.abort(new RangeError("enough"));
  await assertRejects(() => time.until(all.outcome), RangeError);
  assertEquals(time.passed, 1_000); // for the last words to arrive
});

Deno.test("nothing that comes after an abort is opened or written", async () => {
  const stop = new AbortController();
  const sink = watchedSink();
  const names: string[] = [];
  using all = await talk({ signal: stop.signal }, {
    ...sink,
    open(entry, ...more) {
      names.push(entry.name);
      return sink.open(entry, ...more);
    },
  });
  await opened(all.sender, 0);
  stop.abort();
  await all.sender.hear("fail");
  await all.sender.say(open(1));
  assertEquals(await all.sender.end(), []);
  await all.outcome.catch(() => {});
  assertEquals(names, ["file-0"]);
});

Deno.test("an abort denies no commit that is under way", async () => {
  const { commit, begun, finish: release } = slowCommit();
  const stop = new AbortController();
  using all = await talk({ signal: stop.signal }, watchedSink({ commit }));
  await all.sender.say(...whole(0), open(1));
  await begun;
  await all.sender.hear("accept");
  await all.sender.hear("accept");
  stop.abort();
  release();
  const frames = await all.sender.end();
  assertEquals(frames.map(({ type }) => type), ["receipt", "fail"]);
  await all.outcome.catch(() => {});
  assertEquals([...all.sink.files.keys()], ["file-0"]);
  assertEquals(all.sink.drafts.size, 0);
});

Deno.test("an abort begins no commit after it has denied the rest", async () => {
  const { commit, begun, finish: release } = slowCommit();
  const committed: number[] = [];
  const stop = new AbortController();
  using all = await talk(
    { signal: stop.signal },
    watchedSink({
      async commit(entry, onPhase) {
        await commit(entry, onPhase);
        committed.push(committed.length);
      },
    }),
  );
  // One more than are committed at once: its END waits for a place.
  const entries = Array.from({ length: 65 }, (_, entry) => entry);
  await all.sender.say(...entries.flatMap((entry) => whole(entry)));
  await begun;
  for (const entry of entries) {
    assertEquals((await all.sender.hear("accept")).entry, entry);
  }
  await all.sender.hear("alive"); // time enough to take that END
  stop.abort();
  release();
  const frames = await all.sender.end();
  await all.outcome.catch(() => {});
  const told = frames.filter(({ type }) => type === "receipt").length;
  assertEquals([told, committed.length], [64, 64]);
  assertEquals(frames.at(-1)?.type, "fail");
});

Deno.test("an abort ends the wait for a callback that never settles", async () => {
  const stop = new AbortController();
  using all = await talk({
    signal: stop.signal,
    onReceipt: () => new Promise(() => {}),
  });
  await all.sender.say(...whole(0), finish(1));
  await all.sender.hear("accept");
  await all.sender.hear("receipt");
  assertEquals(await all.sender.end(), []);
  for (let turn = 0; turn < 20; turn++) { // the session ends meanwhile
    await new Promise((resolve) => setImmediate(resolve));
  }
  stop.abort();
  const [receipt] = await all.outcome; // what was delivered stays so
  assertEquals(receipt?.name, "file-0");
});
