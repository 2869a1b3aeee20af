import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../lib/errors.ts";
import { type Frame, MAX_AHEAD, SESSION } from "../lib/frames.ts";
import type { Receipt } from "../lib/receipt.ts";
import { receive } from "../lib/receive.ts";
import { connectedPair } from "./pairs.ts";
import {
  accept,
  data,
  end,
  fail,
  failing,
  finish,
  hello,
  ID,
  open,
  Scripted,
} from "./scripted.ts";
import { slowCommit, watchedSink } from "./sinks.ts";
import { BYTES, NONE, opened, talk, whole } from "./session_talk.ts";

Deno.test("a session answers HELLO with the sender's own id", async () => {
  const [ours, theirs] = await connectedPair();
  using sender = new Scripted(ours);
  const outcome = receive(theirs, watchedSink());
  await sender.greet({ id: ID.toReversed() });
  assertEquals((await sender.hearHello()).id, ID.toReversed());
  await sender.say(finish(0));
  await sender.end();
  assertEquals(await outcome, []);
});

Deno.test("an entry is accepted, taken and confirmed, and then both sides end", async () => {
  const heard: Receipt[] = [];
  using all = await talk({ onReceipt: (one) => heard.push(one) });
  const { sender, sink, outcome } = all;
  await opened(sender, 0);
  await sender.say(data(0, BYTES), end(0, BYTES));
  const { committedAt, ...frame } = await sender.hear("receipt");
  assert(Math.abs(Date.now() - committedAt) < 60_000);
  const { digest } = end(0, BYTES);
  const about = { entry: 0, id: ID, length: 1_000, digest, name: "file-0" };
  const fate = { durable: false, existing: false };
  assertEquals<unknown>(frame, { type: "receipt", ...about, ...fate });
  await sender.say(finish(1));
  assertEquals(await sender.end(), []);
  assertEquals(await outcome, heard);
  assertEquals(sink.files.get("file-0"), BYTES);
});

Deno.test("entries settle in the order of their commits, not of their names", async () => {
  const { commit, begun, finish: release } = slowCommit();
  const sink = watchedSink({
    commit: (entry, onPhase) =>
      entry.name === "file-0" ? commit(entry, onPhase) : undefined,
  });
  using all = await talk({}, sink);
  await all.sender.say(...whole(0), ...whole(1), finish(2));
  await begun;
  await all.sender.hear("accept");
  await all.sender.hear("accept");
  assertEquals((await all.sender.hear("receipt")).entry, 1);
  release();
  assertEquals((await all.sender.hear("receipt")).entry, 0);
  await all.sender.end();
  assertEquals((await all.outcome).map(({ name }) => name), [
    "file-1",
    "file-0",
  ]);
});

Deno.test("no receipt is said before the commit has ended", async () => {
  const { commit, begun, finish: release } = slowCommit();
  let ended = false;
  const sink = watchedSink({
    async commit(entry, onPhase) {
      await commit(entry, onPhase);
      ended = true;
    },
  });
  using all = await talk({}, sink);
  await all.sender.say(...whole(0), finish(1));
  await begun;
  await all.sender.hear("accept");
  // ALIVE proves that the receiver had its chance to say more.
  assertEquals((await all.sender.hear("alive")).phase, "syncing");
  release();
  await all.sender.hear("receipt");
  assert(ended);
  await all.sender.end();
  await all.outcome;
});

Deno.test("a directory is an entry of no bytes", async () => {
  using all = await talk();
  await all.sender.say(
    open(0, { kind: "directory", name: "d" }),
    end(0, NONE),
    finish(1),
  );
  const frames = await all.sender.end();
  assertEquals(frames.map(({ type }) => type), ["accept", "receipt"]);
  assert(all.sink.directories.has("d"));
  await all.outcome;
});

Deno.test("a directory is committed after its content, which changes its time", async () => {
  const { commit, begun, finish: release } = slowCommit();
  const order: string[] = [];
  const sink = watchedSink({
    async commit(entry, onPhase) {
      if (entry.kind === "file") await commit(entry, onPhase);
      order.push(entry.name);
    },
  });
  using all = await talk({}, sink);
  await all.sender.say(
    open(0, { name: "d/a" }),
    data(0, BYTES),
    end(0, BYTES),
    open(1, { kind: "directory", name: "d" }),
    end(1, NONE),
    finish(2),
  );
  await begun;
  await all.sender.hear("accept");
  await all.sender.hear("accept");
  await all.sender.hear("alive"); // both ENDs were heard by now
  assertEquals(order, []);
  release();
  await all.sender.end();
  await all.outcome;
  assertEquals(order, ["d/a", "d"]);
});

Deno.test("what comes after FINISH is not taken", async () => {
  using all = await talk();
  await all.sender.say(...whole(0), finish(1), ...whole(1));
  const frames = await all.sender.end();
  assertEquals(frames.map(({ type }) => type), ["accept", "receipt"]);
  assertEquals((await all.outcome).length, 1);
  assertEquals([...all.sink.files.keys()], ["file-0"]);
});

/** What a sender may not say, and what it is told. */
const FAULTS: [string, Frame[], string, string][] = [
  ["a second HELLO", [hello()], "protocol", "the sender said HELLO"],
  ["an ACCEPT", [accept(0)], "protocol", "the sender said ACCEPT"],
  [
    "DATA for an entry never opened",
    [data(0, BYTES)],
    "protocol",
    "the sender said DATA for entry 0, out of place",
  ],
  [
    "END for an entry never opened",
    [end(0, BYTES)],
    "protocol",
    "the sender said END for entry 0, out of place",
  ],
  [
    "FAIL for an entry never opened",
    [fail(0)],
    "protocol",
    "the sender said FAIL for entry 0, out of place",
  ],
  [
    "OPEN of a number twice",
    [open(0), open(0, { name: "other" })],
    "protocol",
    "the sender said OPEN for entry 0, out of place",
  ],
  [
    "OPEN of a number behind",
    [open(4), open(3)],
    "protocol",
    "the sender said OPEN for entry 3, out of place",
  ],
  ["OPEN of the session's number", [open(SESSION)], "protocol", "out of place"],
  [
    "DATA after END",
    [...whole(0), data(0, BYTES, 1_000)],
    "protocol",
    "the sender said DATA for entry 0, out of place",
  ],
  [
    "a second END",
    [...whole(0), end(0, BYTES)],
    "protocol",
    "the sender said END for entry 0, out of place",
  ],
  [
    "DATA with a gap before it",
    [open(0), data(0, BYTES, 1)],
    "protocol",
    "data for byte 1 came where 0 was next",
  ],
  [
    "DATA beyond the announced size",
    [open(0, { size: 999 }), data(0, BYTES)],
    "protocol",
    "more came than the 999 bytes announced",
  ],
  [
    "FINISH with fewer entries than were opened",
    [...whole(0), finish(0)],
    "protocol",
    "the sender finished with 0 entries, 1 were opened",
  ],
  [
    "FINISH with more entries than were opened",
    [finish(1)],
    "protocol",
    "the sender finished with 1 entries, 0 were opened",
  ],
  [
    "FINISH with an entry that has no end",
    [open(0), data(0, BYTES), finish(1)],
    "protocol",
    '1 were opened, and "file-0" has no end',
  ],
];

for (const [what, frames, code, reason] of FAULTS) {
  Deno.test(`${what} ends the session with a reason, and nothing is half-written`, async () => {
    using all = await talk();
    await all.sender.say(...frames);
    // The sender waits for an answer without another word.
    const fails = (await all.sender.rest()).filter(({ type }) =>
      type === "fail"
    );
    const [said] = fails;
    assert(said?.type === "fail");
    assertEquals([fails.length, said.entry, said.code], [1, SESSION, code]);
    assert(said.reason.includes(reason), said.reason);
    await all.sender.end();
    assertEquals((await failing(all.outcome)).code, code);
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
      throw new TransferError("rejected", 'Cannot take "file-0": taken');
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

Deno.test("a disk that fails is a remote one for the sender and a local one here", async () => {
  for (const moment of ["write", "commit"] as const) {
    const sink = watchedSink({
      [moment]() {
        throw new TransferError("local-io", "Cannot store: no space is left");
      },
    });
    using all = await talk({}, sink);
    await all.sender.say(...whole(0), finish(1));
    await all.sender.hear("accept");
    const said = await all.sender.hear("fail");
    assertEquals([said.entry, said.code], [0, "remote-io"]);
    assertEquals(said.reason, "no space is left");
    await all.sender.end();
    assertEquals((await failing(all.outcome)).code, "local-io");
    assertEquals(sink.drafts.size, 0);
  }
});

Deno.test("the sender is told at once that a write failed, not at the next frame", async () => {
  const sink = watchedSink({
    write() {
      throw new TransferError("local-io", "Cannot store: no space is left");
    },
  });
  using all = await talk({}, sink);
  await all.sender.say(open(0), data(0, BYTES));
  await all.sender.hear("accept");
  assertEquals((await all.sender.hear("fail")).entry, 0);
  await all.sender.say(end(0, BYTES), finish(1));
  await all.sender.end();
  assertEquals((await failing(all.outcome)).code, "local-io");
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
  assert(error.message.startsWith("2 entries failed, the first one: "));
  assertEquals([...all.sink.files.keys()], ["file-2"]);
});

Deno.test("an entry that the sender gives up leaves nothing, and the rest goes on", async () => {
  using all = await talk();
  await all.sender.say(
    open(0),
    data(0, BYTES),
    fail(0, { code: "source-changed", reason: "it grew while it was sent" }),
    ...whole(1),
    finish(2),
  );
  const frames = await all.sender.end();
  assertEquals(frames.map(({ type }) => type), ["accept", "accept", "receipt"]);
  const error = await failing(all.outcome);
  assertEquals([error.code, error.message], [
    "source-changed",
    'Cannot receive "file-0": it grew while it was sent',
  ]);
  assertEquals(all.sink.dropped, ["file-0"]);
  assertEquals([...all.sink.files.keys()], ["file-1"]);
});

Deno.test("a sender that gives the session up is believed, and nothing is half-written", async () => {
  using all = await talk();
  await opened(all.sender, 0);
  await all.sender.say(
    data(0, BYTES),
    fail(SESSION, { code: "lost", reason: "it was interrupted" }),
  );
  await all.sender.end();
  const error = await failing(all.outcome);
  assertEquals([error.code, error.message], [
    "lost",
    "Cannot receive the rest: it was interrupted",
  ]);
  assertEquals([all.sink.drafts.size, all.sink.files.size], [0, 0]);
});

Deno.test("what the sender says goes escaped into the message", async () => {
  using all = await talk();
  await all.sender.say(fail(SESSION, { reason: "\x1b[31mred\nline" }));
  await all.sender.end();
  const { message } = await failing(all.outcome);
  assertEquals(message, "Cannot receive the rest: \\u{1b}[31mred\\u{a}line");
});

Deno.test("a slow commit is told as what it is, with the bytes that are there", async () => {
  const { commit, finish: release } = slowCommit("syncing");
  const progress: unknown[] = [];
  using all = await talk(
    { onProgress: (one) => progress.push(one) },
    watchedSink({ commit }),
  );
  await all.sender.say(...whole(0), finish(1));
  await all.sender.hear("accept");
  const alive = await all.sender.hear("alive");
  assertEquals(
    alive,
    { type: "alive", entry: 0, phase: "syncing", bytes: 1_000 },
  );
  assertEquals(progress[0], { phase: "syncing", bytes: 1_000 });
  release();
  await all.sender.end();
  await all.outcome;
});

Deno.test("a sender that leaves right after END finds its entry when it comes back", async () => {
  // The receipt gets lost with the connection; the commit does not.
  const { commit, begun, finish: release } = slowCommit();
  const all = await talk({}, watchedSink({ commit }));
  await all.sender.say(...whole(0), finish(1));
  await begun;
  all[Symbol.dispose]();
  release();
  await all.outcome.catch((error) => assert(error instanceof TransferError));
  assertEquals([...all.sink.files.keys()], ["file-0"]);
});

Deno.test("a callback that throws ends neither the session nor the program", async () => {
  const { commit, finish: release } = slowCommit("syncing");
  let calls = 0;
  using all = await talk({
    onProgress() {
      calls++;
      throw new RangeError("no screen");
    },
  }, watchedSink({ commit }));
  await all.sender.say(...whole(0), finish(1));
  await all.sender.hear("accept");
  for (let beats = 0; beats < 3; beats++) await all.sender.hear("alive");
  release();
  await all.sender.hear("receipt"); // the entry is none the worse
  await all.sender.end();
  const error = await assertRejects(() => all.outcome, TransferError);
  assertEquals([error.code, calls], ["internal", 1]);
  assert(error.cause instanceof RangeError);
});
