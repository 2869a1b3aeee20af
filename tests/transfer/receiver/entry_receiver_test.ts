import { assertEquals } from "@std/assert";
import { Digest } from "../../../lib/base/digest.ts";
import { TransferError } from "../../../lib/base/errors.ts";
import type { Sink } from "../../../lib/sink/sink.ts";
import { Channel } from "../../../lib/transfer/channel.ts";
import { EntryReceiver } from "../../../lib/transfer/receiver/entry_receiver.ts";
import { connectedPair } from "../../support/pairs.ts";
import {
  data,
  digestOf,
  end,
  fail,
  failing,
  ID,
  open,
  Scripted,
} from "../../support/scripted.ts";
import { BYTES, NONE, whole } from "../../support/session_talk.ts";
import { slowCommit, watchedSink } from "../../support/sinks.ts";

/** A receiver of entries, and a peer that hears its answers. */
async function receiving(sink: Sink) {
  const [ours, theirs] = await connectedPair();
  const channel = new Channel(ours, 5_000);
  const peer = new Scripted(theirs);
  const receipts: string[] = [];
  const receiver = new EntryReceiver(channel, sink, {
    id: ID,
    algorithm: "sha256",
    maxSize: Infinity,
    onReceipt: ({ name }) => receipts.push(name),
  });
  return {
    receiver,
    peer,
    receipts,
    /** Does what frames ask for, one after the other. */
    async hear(...frames: Parameters<EntryReceiver["hear"]>[0][]) {
      for (const frame of frames) {
        await receiver.hear(frame);
        await receiver.written();
      }
    },
    [Symbol.dispose]() {
      channel.close();
      peer[Symbol.dispose]();
    },
  };
}

Deno.test("the next frame waits for an entry's check, and not for its commit", async () => {
  const { commit, begun, finish } = slowCommit();
  using all = await receiving(watchedSink({ commit }));
  await all.hear(...whole(0));
  await begun; // hear() has returned, and the commit is under way
  assertEquals(all.receiver.entries.first?.phase, "syncing");
  assertEquals(all.receipts, []);
  await all.hear(open(1));
  finish();
  await all.receiver.committed();
  assertEquals(all.receipts, ["file-0"]);
  const said = [
    await all.peer.next(),
    await all.peer.next(),
    await all.peer.next(),
  ];
  assertEquals(said.map((frame) => frame?.type), [
    "accept",
    "accept",
    "receipt",
  ]);
});

Deno.test("a receipt is said before the program hears of it", async () => {
  const sink = watchedSink();
  const [ours, theirs] = await connectedPair();
  using channel = new Channel(ours, 5_000);
  using _peer = new Scripted(theirs);
  const before: number[] = [];
  let accepted = 0;
  const receiver = new EntryReceiver(channel, sink, {
    id: ID,
    algorithm: "sha256",
    maxSize: Infinity,
    onReceipt: () => before.push(channel.said - accepted),
  });
  await receiver.hear(open(0));
  accepted = channel.said;
  await receiver.hear(end(0, NONE));
  await receiver.committed();
  assertEquals([before.length, before[0]! > 0], [1, true]);
});

/** A sink that holds the start of every entry. */
function holding(held: Uint8Array) {
  const sink = watchedSink();
  const starts: number[] = [];
  const resumable = {
    length: held.length,
    block: held.length,
    algorithm: "sha256" as const,
    digests: digestOf(held),
    start(offset: number) {
      starts.push(offset);
      if (offset === 0) return Promise.resolve(new Digest());
      if (offset !== held.length) {
        throw new TransferError("protocol", {
          doing: "resume",
          found: `byte ${offset} is no place to`,
        });
      }
      const digest = new Digest();
      digest.update(held);
      return Promise.resolve(digest);
    },
  };
  const holder: Sink = {
    async open(entry, transfer) {
      return { ...await sink.open(entry, transfer), resumable };
    },
  };
  return { sink, holder, starts };
}

Deno.test("an END without DATA over a partial is an empty entry", async () => {
  const { sink, holder, starts } = holding(BYTES);
  using all = await receiving(holder);
  await all.hear(open(0), end(0, NONE));
  await all.receiver.committed();
  all.receiver.failures.rethrow();
  assertEquals([all.receipts, starts], [["file-0"], [0]]);
  assertEquals(sink.files.get("file-0"), NONE);
});

Deno.test("an END right behind what is held is the whole entry", async () => {
  const { holder, starts } = holding(BYTES);
  using all = await receiving(holder);
  await all.hear(open(0), end(0, BYTES));
  await all.receiver.committed();
  all.receiver.failures.rethrow();
  assertEquals([all.receipts, starts], [["file-0"], [1_000]]);
});

Deno.test("an END where nothing can be resumed ends the session at once", async () => {
  const { holder } = holding(BYTES);
  using all = await receiving(holder);
  await all.hear(open(0));
  const wrong = end(0, BYTES.subarray(1));
  assertEquals((await failing(all.hear(wrong))).code, "protocol");
});

Deno.test("what fails costs its entry, and FAIL says why", async () => {
  using all = await receiving(watchedSink());
  const flipped = digestOf(BYTES);
  flipped[31]! ^= 1;
  await all.hear(open(0), data(0, BYTES), end(0, BYTES, { digest: flipped }));
  await all.hear(...whole(1));
  await all.receiver.committed();
  assertEquals((await all.peer.hear("accept")).entry, 0);
  const said = await all.peer.hear("fail");
  assertEquals([said.entry, said.code], [0, "integrity"]);
  assertEquals(all.receipts, ["file-1"]);
});

Deno.test("a sender's FAIL for the session ends it with the sender's code", async () => {
  using all = await receiving(watchedSink());
  const error = await failing(all.hear(fail(0xffffffff, { code: "lost" })));
  assertEquals(error.code, "lost");
});

Deno.test("stop() begins no commit, and lets those under way end", async () => {
  const { commit, begun, finish } = slowCommit();
  const sink = watchedSink({ commit });
  using all = await receiving(sink);
  await all.hear(...whole(0), open(1), data(1, BYTES));
  await begun;
  all.receiver.stop();
  await all.hear(end(1, BYTES));
  finish();
  await all.receiver.committed();
  assertEquals(all.receipts, ["file-0"]);
  await all.receiver.giveUp();
  assertEquals([...sink.files.keys()], ["file-0"]);
  assertEquals(sink.dropped, ["file-1"]);
});
