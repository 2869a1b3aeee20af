import { assert, assertEquals } from "@std/assert";
import { encodeFrame } from "../../../lib/wire/encoding.ts";
import { SESSION } from "../../../lib/wire/frames.ts";
import { FAIR, memoryPair } from "../../faults/memory_conn.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { data, end, failing, finish, open } from "../../support/scripted.ts";
import { BYTES, opened, talk, whole } from "../../support/session_talk.ts";
import { watchedSink } from "../../support/sinks.ts";

Deno.test("an end between entries is a cut, never the end of the transfer", async () => {
  using all = await talk();
  await all.sender.say(...whole(0));
  await all.sender.hear("accept");
  await all.sender.hear("receipt");
  assertEquals(await all.sender.end(), [], "FAIL was said to a lost sender");
  const error = await failing(all.outcome);
  assertEquals(error.code, "lost");
  assert(error.message.includes("ended without finishing"), error.message);
  assertEquals([...all.sink.files.keys()], ["file-0"]);
});

Deno.test("an end between two pieces of an entry commits nothing of it", async () => {
  using all = await talk();
  await all.sender.say(open(0), data(0, BYTES));
  await all.sender.end();
  const error = await failing(all.outcome);
  assertEquals(error.code, "lost");
  const found = 'ended in "file-0" after 1000 bytes without finishing';
  assert(error.message.includes(found), error.message);
  assertEquals([all.sink.drafts.size, all.sink.files.size], [0, 0]);
});

Deno.test("a cut inside a frame commits nothing", async () => {
  using all = await talk();
  await opened(all.sender, 0);
  await all.sender.sayBytes(encodeFrame(data(0, BYTES)).subarray(0, -1));
  await all.sender.end();
  const error = await failing(all.outcome);
  assertEquals(error.code, "lost");
  assert(error.message.includes("ended inside it"), error.message);
  assertEquals([all.sink.drafts.size, all.sink.files.size], [0, 0]);
});

Deno.test("a damaged frame is found where it happens: the sender may try again", async () => {
  using all = await talk();
  await opened(all.sender, 0);
  const frame = encodeFrame(data(0, BYTES));
  frame[500]! ^= 1;
  await all.sender.sayBytes(frame);
  const said = await all.sender.hear("fail");
  assertEquals([said.entry, said.code], [SESSION, "integrity"]);
  assertEquals(said.retriable, true);
  await all.sender.end();
  assertEquals((await failing(all.outcome)).code, "integrity");
  assertEquals([all.sink.drafts.size, all.sink.files.size], [0, 0]);
});

Deno.test("a sender that falls silent is stalled, and nothing is half-written", async () => {
  using time = new FakeTime();
  const options = { idleTimeout: 20_000 };
  using all = await talk(options, watchedSink(), memoryPair(FAIR));
  await opened(all.sender, 0);
  await all.sender.say(data(0, BYTES));
  assertEquals((await time.until(failing(all.outcome))).code, "stalled");
  assertEquals(time.passed, 20_000);
  assertEquals([all.sink.drafts.size, all.sink.files.size], [0, 0]);
});

Deno.test("a sender's ALIVE keeps a slow source's session", async () => {
  using time = new FakeTime();
  const options = { idleTimeout: 600 };
  using all = await talk(options, watchedSink(), memoryPair(FAIR));
  await opened(all.sender, 0);
  const alive = {
    type: "alive",
    entry: 0,
    phase: "reading",
    bytes: 0,
  } as const;
  for (let turn = 0; turn < 10; turn++) {
    await time.advance(599);
    await all.sender.say(alive);
  }
  await all.sender.say(data(0, BYTES), end(0, BYTES), finish(1));
  await all.sender.end();
  assertEquals((await all.outcome).length, 1);
});
