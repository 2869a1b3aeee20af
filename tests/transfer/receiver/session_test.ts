import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import type { Receipt } from "../../../lib/model/receipt.ts";
import { receive } from "../../../lib/transfer/receiver/receive.ts";
import { connectedPair } from "../../support/pairs.ts";
import {
  data,
  end,
  finish,
  ID,
  open,
  Scripted,
} from "../../support/scripted.ts";
import {
  BYTES,
  NONE,
  opened,
  talk,
  whole,
} from "../../support/session_talk.ts";
import { slowCommit, watchedSink } from "../../support/sinks.ts";

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
  const { length, algorithm, digest } = end(0, BYTES);
  const about = { entry: 0, id: ID, length, algorithm, digest, name: "file-0" };
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
