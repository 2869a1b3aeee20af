// What a sender may not say, and entries that are not taken.

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { type Frame, MAX_AHEAD, SESSION } from "../../../lib/wire/frames.ts";
import {
  accept,
  data,
  end,
  fail,
  failing,
  finish,
  hello,
  open,
} from "../../support/scripted.ts";
import { BYTES, talk, whole } from "../../support/session_talk.ts";
import { watchedSink } from "../../support/sinks.ts";

/** What a sender may not say, and what it is told. */
const FAULTS: [what: string, frames: Frame[], reason: string][] = [
  ["a second HELLO", [hello()], "the sender said HELLO"],
  ["an ACCEPT", [accept(0)], "the sender said ACCEPT"],
  [
    "DATA for an entry never opened",
    [data(0, BYTES)],
    "the sender said DATA for entry 0, out of place",
  ],
  [
    "END for an entry never opened",
    [end(0, BYTES)],
    "the sender said END for entry 0, out of place",
  ],
  [
    "FAIL for an entry never opened",
    [fail(0)],
    "the sender said FAIL for entry 0, out of place",
  ],
  [
    "OPEN of a number twice",
    [open(0), open(0, { name: "other" })],
    "the sender said OPEN for entry 0, out of place",
  ],
  [
    "OPEN of a number behind",
    [open(4), open(3)],
    "the sender said OPEN for entry 3, out of place",
  ],
  ["OPEN of the session's number", [open(SESSION)], "out of place"],
  [
    "DATA after END",
    [...whole(0), data(0, BYTES, 1_000)],
    "the sender said DATA for entry 0, out of place",
  ],
  [
    "a second END",
    [...whole(0), end(0, BYTES)],
    "the sender said END for entry 0, out of place",
  ],
  [
    "DATA with a gap before it",
    [open(0), data(0, BYTES, 1)],
    "data for byte 1 came where 0 was next",
  ],
  [
    "DATA beyond the announced size",
    [open(0, { size: 999 }), data(0, BYTES)],
    "more came than the 999 bytes announced",
  ],
  [
    "FINISH with fewer entries than were opened",
    [...whole(0), finish(0)],
    "the sender finished with 0 entries, 1 were opened",
  ],
  [
    "FINISH with more entries than were opened",
    [finish(1)],
    "the sender finished with 1 entries, 0 were opened",
  ],
  [
    "FINISH with an entry that has no end",
    [open(0), data(0, BYTES), finish(1)],
    '1 were opened, and "file-0" has no end',
  ],
];

for (const [what, frames, reason] of FAULTS) {
  Deno.test(`${what} ends the session with a reason, and nothing is half-written`, async () => {
    using all = await talk();
    await all.sender.say(...frames);
    // The sender waits for an answer without another word.
    const fails = (await all.sender.rest()).filter(({ type }) =>
      type === "fail"
    );
    const [said] = fails;
    assert(said?.type === "fail");
    assertEquals([fails.length, said.entry], [1, SESSION]);
    assertEquals(said.code, "protocol");
    assert(said.reason.includes(reason), said.reason);
    await all.sender.end();
    assertEquals((await failing(all.outcome)).code, "protocol");
    assertEquals(all.sink.drafts.size, 0);
  });
}

Deno.test("more entries ahead than allowed end the session, as many do not", async () => {
  const openings = Array.from({ length: MAX_AHEAD + 1 }, (_, at) => open(at));
  using all = await talk();
  await all.sender.say(...openings);
  for (let at = 0; at < MAX_AHEAD; at++) {
    assertEquals((await all.sender.hear("accept")).entry, at);
  }
  const said = await all.sender.hear("fail");
  assertEquals([said.entry, said.code], [SESSION, "protocol"]);
  assert(said.reason.includes("more than 256 entries ahead"), said.reason);
  await all.sender.end();
  assertEquals((await failing(all.outcome)).code, "protocol");
  assertEquals([all.sink.drafts.size, all.sink.dropped.length], [0, MAX_AHEAD]);
});

for (
  const [what, wrong] of [
    ["digest", { digest: new Uint8Array(32) }],
    ["length", { length: 999 }],
  ] as const
) {
  Deno.test(`END with a wrong ${what} fails its entry and no other`, async () => {
    using all = await talk();
    const { sender, sink } = all;
    await sender.say(open(0), data(0, BYTES), end(0, BYTES, wrong));
    await sender.hear("accept");
    const said = await sender.hear("fail");
    assertEquals([said.entry, said.code], [0, "integrity"]);
    assertEquals(said.retriable, true);
    await sender.say(...whole(1), finish(2));
    await sender.hear("accept");
    await sender.hear("receipt");
    await sender.end();
    assertEquals((await failing(all.outcome)).code, "integrity");
    assertEquals([...sink.files.keys()], ["file-1"]);
    assertEquals(sink.dropped, ["file-0"]);
  });
}

Deno.test("an entry that the sink refuses is refused, and what is sent of it all the same is dropped", async () => {
  const sink = watchedSink({
    open(entry) {
      if (entry.name !== "file-0") return;
      throw new TransferError("rejected", {
        doing: 'take "file-0"',
        found: "taken",
      });
    },
  });
  using all = await talk({}, sink);
  await all.sender.say(...whole(0), ...whole(1), finish(2));
  const frames = await all.sender.end();
  assertEquals<unknown>(frames[0], fail(0, { reason: "taken" }));
  assertEquals(frames.slice(1).map(({ type }) => type), ["accept", "receipt"]);
  const error = await failing(all.outcome);
  assertEquals([error.code, error.message], [
    "rejected",
    'Cannot take "file-0": taken',
  ]);
  assertEquals([...sink.files.keys()], ["file-1"]);
});

Deno.test("several failures are told as one that holds them all", async () => {
  using all = await talk({ maxSize: 999 });
  await all.sender.say(
    open(0, { size: 1_000 }),
    open(1, { size: 2_000 }),
    ...whole(2, BYTES.subarray(1)),
    finish(3),
  );
  await all.sender.end();
  const error = await failing(all.outcome);
  assertEquals(error.errors.map(({ code }) => code), ["rejected", "rejected"]);
  assert(error.message.startsWith("2 entries failed, one of them: "));
  assertEquals([...all.sink.files.keys()], ["file-2"]);
});
