// Disks that fail, senders that give up, callbacks that throw.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { SESSION } from "../../../lib/wire/frames.ts";
import {
  data,
  end,
  fail,
  failing,
  finish,
  open,
} from "../../support/scripted.ts";
import { BYTES, opened, talk, whole } from "../../support/session_talk.ts";
import { slowCommit, watchedSink } from "../../support/sinks.ts";

Deno.test("a disk that fails is a remote one for the sender and a local one here", async () => {
  for (const moment of ["write", "commit"] as const) {
    const sink = watchedSink({
      [moment]() {
        throw new TransferError("local-io", {
          doing: "store",
          found: "no space is left",
        });
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
      throw new TransferError("local-io", {
        doing: "store",
        found: "no space is left",
      });
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
  const reason = "\x1b[31mred\nline";
  await all.sender.say(fail(SESSION, { code: "lost", reason }));
  await all.sender.end();
  const { message } = await failing(all.outcome);
  assertEquals(message, "Cannot receive the rest: \\u{1b}[31mred\\u{a}line");
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
  assertEquals(error.code, "internal");
  assert(calls >= 3, `it was called ${calls} times`);
  assert(error.cause instanceof RangeError);
});

Deno.test("a session that breaks waits for its commits: RECEIPT, then FAIL", async () => {
  const { commit, begun, finish: release } = slowCommit();
  using all = await talk({}, watchedSink({ commit }));
  await all.sender.say(...whole(0));
  await begun;
  await all.sender.say(data(9, BYTES)); // there is no such entry
  await all.sender.hear("accept");
  // ALIVE proves that the receiver had its chance to say FAIL.
  await all.sender.hear("alive");
  release();
  assertEquals((await all.sender.hear("receipt")).entry, 0);
  const said = await all.sender.hear("fail");
  assertEquals([said.entry, said.code], [SESSION, "protocol"]);
  await all.sender.end();
  assertEquals((await failing(all.outcome)).code, "protocol");
  assertEquals([...all.sink.files.keys()], ["file-0"]);
});

for (const kind of ["throws", "rejects"] as const) {
  Deno.test(`an onReceipt that ${kind} undoes no delivery, and later ones are heard`, async () => {
    const heard: string[] = [];
    const cause = new RangeError("the database is down");
    using all = await talk({
      onReceipt({ name }) {
        heard.push(name);
        if (kind === "rejects") return Promise.reject(cause);
        throw cause;
      },
    });
    await all.sender.say(...whole(0), ...whole(1), finish(2));
    const frames = await all.sender.end();
    assertEquals(
      frames.flatMap((one) => one.type === "accept" ? [] : one.type),
      ["receipt", "receipt"],
    );
    const error = await failing(all.outcome);
    assertEquals([error.code, error.message, error.cause], [
      "internal",
      'Cannot tell of "file-0": the database is down',
      cause,
    ]);
    assertEquals(heard, ["file-0", "file-1"]);
    assertEquals([...all.sink.files.keys()], heard);
  });
}

Deno.test("a promise that onReceipt returns is awaited before the session is over", async () => {
  const stored = Promise.withResolvers<void>();
  let settled = false;
  using all = await talk({ onReceipt: () => stored.promise });
  const ending = all.outcome.finally(() => settled = true);
  await all.sender.say(...whole(0), finish(1));
  await all.sender.end(); // the receiver has ended too
  // A whole other session takes longer than the rest of this one would.
  using other = await talk();
  await other.sender.say(...whole(0), finish(1));
  await other.sender.end();
  await other.outcome;
  assertEquals(settled, false);
  stored.resolve();
  assertEquals((await ending).length, 1);
});
