// The ten invariants, by number and name. What each stands on is tested file by
// file; here each is asserted of the whole, from one socket to the other.
//
// The tenth (with a key set, no effect on the disk before both sides have
// proven it) is asserted in key_handshake_test.ts and secure_attack_test.ts.

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { serve, type Server } from "../../lib/server/serve.ts";
import { directorySink } from "../../lib/sink/disk/mod.ts";
import { bytesItem } from "../../lib/source/item.ts";
import { receive } from "../../lib/transfer/receiver/receive.ts";
import { send, transfer } from "../../lib/transfer/sender/send.ts";
import {
  noise,
  sha256Of,
  type TempDir,
  tempDir,
  tree,
} from "../support/helpers.ts";
import { connectedPair } from "../support/pairs.ts";
import {
  accept,
  data,
  digestOf,
  end,
  failing,
  finish,
  open,
  playing,
  receipt,
  type Script,
  Scripted,
  takeOne,
} from "../support/scripted.ts";
import { slowCommit, watchedSink } from "../support/sinks.ts";

const BYTES = noise(300_000);

/** A destination, and a server in front of it. */
async function destination(
  onConflict: "refuse" | "replace" = "refuse",
): Promise<{ dir: TempDir; server: Server } & AsyncDisposable> {
  const dir = await tempDir();
  const server = serve({
    sink: directorySink(dir.path, { onConflict }),
    idleTimeout: 5_000,
    onError() {},
  });
  return {
    dir,
    server,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await dir[Symbol.asyncDispose]();
    },
  };
}

Deno.test("invariant 1: delivered means a byte-identical, durable file under its name", async () => {
  await using all = await destination();
  for (const size of [0, 1, 1_048_577]) {
    const name = `of-${size}`;
    const bytes = noise(size);
    const receipt = await send(bytes, all.server.addr, { name });
    const there = await Deno.readFile(`${all.dir.path}/${receipt.name}`);
    assertEquals(sha256Of(there), sha256Of(bytes));
    assertEquals([receipt.durable, receipt.sha256], [true, sha256Of(bytes)]);
  }
});

Deno.test("invariant 2: no receipt is sent before the commit has succeeded", async () => {
  for (const fails of [false, true]) {
    const { commit, begun, finish: release } = slowCommit();
    let committed = false;
    const sink = watchedSink({
      async commit(entry, onPhase) {
        await commit(entry, onPhase);
        if (fails) {
          throw new TransferError("local-io", {
            doing: "sync",
            found: "no disk",
          });
        }
        committed = true;
      },
    });
    const [ours, theirs] = await connectedPair();
    using sender = new Scripted(ours);
    const outcome = receive(theirs, sink);
    outcome.catch(() => {}); // looked at below
    await sender.greet();
    await sender.say(open(0), data(0, BYTES), end(0, BYTES), finish(1));
    await sender.hearHello();
    await sender.hear("accept");
    await begun;
    assertEquals((await sender.hear("alive")).phase, "syncing");
    release();
    await sender.hear(fails ? "fail" : "receipt");
    assertEquals(committed, !fails);
    assertEquals(await sender.end(), []);
    await outcome.catch((error) => assertEquals(error.code, "local-io"));
  }
});

Deno.test("invariant 2: a receipt counts only if id, length and digest match", async () => {
  for (
    const wrong of [
      { id: new Uint8Array(16) },
      { length: 1 },
      { digest: digestOf(BYTES.subarray(1)) },
    ]
  ) {
    await using stage = playing(async (peer, { id }) => {
      await takeOne(peer);
      await peer.say(receipt(0, BYTES, { id, ...wrong }));
      await peer.rest().catch(() => {}); // the sender drops the connection
    });
    const error = await failing(send(BYTES, stage.target, { name: "a" }));
    assertEquals(error.code, "unconfirmed");
  }
});

Deno.test("invariant 3: the final name is absent, old or complete at every look", async () => {
  await using all = await destination("replace");
  const path = `${all.dir.path}/a`;
  const versions = [1, 2, 3, 4, 5].map((fill) =>
    new Uint8Array(2_000_000).fill(fill)
  );
  const whole = new Set(versions.map(sha256Of));
  const sent = (async () => {
    for (const bytes of versions) {
      await send(bytes, all.server.addr, { name: "a" });
    }
    return "sent";
  })();
  let looks = 0;
  for (let state = ""; state !== "sent"; looks++) {
    const found = await Deno.readFile(path).catch(() => null);
    assert(!found || whole.has(sha256Of(found)), "half a file");
    state = await Promise.race([sent, Promise.resolve("")]);
  }
  assert(looks > 5, `${looks} looks`);
  assertEquals(await Deno.readFile(path), versions.at(-1));
});

Deno.test("invariant 4: concurrent commits to one name have exactly one winner", async () => {
  await using all = await destination();
  const rivals = [1, 2, 3, 4, 5, 6].map((fill) =>
    new Uint8Array(100_000).fill(fill)
  );
  const results = await Promise.allSettled(
    rivals.map((bytes) => send(bytes, all.server.addr, { name: "a" })),
  );
  const winners = rivals.filter((_, at) => results[at]!.status === "fulfilled");
  assertEquals(winners.length, 1);
  assertEquals(await Deno.readFile(`${all.dir.path}/a`), winners[0]);
  for (const result of results) {
    if (result.status === "rejected") {
      assertEquals(result.reason.code, "rejected");
    }
  }
});

/** Names that lead out of a destination, or pretend to lie in it. */
const EVIL = [
  "../outside/a",
  "/etc/a",
  "d/../../outside/a",
  "./a",
  "a//b",
  "",
  "link/a",
  "..\\outside\\a",
  "c:/a",
  "a\0b",
];

Deno.test("invariant 5: nothing outside the destination is created, changed or followed", async () => {
  await using dir = await tempDir();
  const [inside, outside] = [`${dir.path}/inside`, `${dir.path}/outside`];
  await Deno.mkdir(inside);
  await Deno.mkdir(outside);
  await Deno.writeTextFile(`${outside}/kept`, "kept");
  await Deno.symlink(outside, `${inside}/link`);
  const sink = directorySink(inside, { onConflict: "replace" });
  await using server = serve({ sink, onError() {} });
  for (const name of EVIL) {
    // Not by send(), which does not even ask with such a name.
    const item = bytesItem(BYTES, { kind: "file", name });
    const error = await failing(transfer([item], server.addr, {}));
    assertEquals(error.code, "rejected", JSON.stringify(name));
  }
  await send(BYTES, server.addr, { name: "link" }); // replaces the link itself
  assertEquals(await tree(outside), ["kept"]);
  assertEquals(await Deno.readTextFile(`${outside}/kept`), "kept");
  assertEquals(await tree(inside), ["link"]);
});

/** Passes everything on but the receipt: there the line is cut. */
function withoutReceipt(server: Server): Script {
  return async (peer, hello) => {
    assert("port" in server.addr);
    using onward = new Scripted(await Deno.connect(server.addr));
    await onward.greet({ id: hello.id });
    await onward.hearHello();
    const { name, bytes } = await takeOne(peer);
    await onward.say(open(0, { name }), data(0, bytes), end(0, bytes));
    await onward.say(finish(1));
    await onward.hear("accept");
    await onward.hear("receipt");
    await onward.end();
  };
}

Deno.test("invariant 6: unconfirmed is settled by sending again, and nothing is there twice", async () => {
  await using all = await destination();
  await using stage = playing(withoutReceipt(all.server));
  const error = await failing(send(BYTES, stage.target, { name: "a" }));
  assertEquals(error.code, "unconfirmed");
  for (let turn = 0; turn < 2; turn++) {
    const again = await send(BYTES, all.server.addr, { name: "a" });
    assertEquals([again.existing, again.durable], [true, true]);
  }
  assertEquals(await tree(all.dir.path), ["a"]);
  assertEquals(await Deno.readFile(`${all.dir.path}/a`), BYTES);
});

Deno.test("invariant 7: a peer that stops is found within the deadline, on both sides", async () => {
  const mute: Script = async (peer) => void await peer.rest().catch(() => {});
  await using stage = playing(mute);
  const options = { name: "a", idleTimeout: 300 };
  const sending = failing(send(BYTES, stage.target, options));
  const [ours, theirs] = await connectedPair();
  using sender = new Scripted(ours);
  const receiving = failing(
    receive(theirs, watchedSink(), { idleTimeout: 300 }),
  );
  await sender.greet();
  await sender.say(open(0), data(0, BYTES));
  for (const error of await Promise.all([sending, receiving])) {
    assertEquals(error.code, "stalled");
    assert(error.message.includes("nothing moved for 0.3 s"), error.message);
  }
});

/** How a conversation goes wrong, and what is true to say then. */
const TRUTHS: [string, Script, string][] = [
  ["before the end", (peer) => peer.hear("open"), "lost"],
  ["after the end", takeOne, "unconfirmed"],
  ["with a reason, after the end", async (peer) => {
    await takeOne(peer);
    await peer.hear("finish");
    await peer.say({
      type: "fail",
      entry: 0,
      code: "remote-io",
      retriable: false,
      reason: "no space is left",
    });
    await peer.end();
  }, "remote-io"],
];

for (const [what, script, code] of TRUTHS) {
  Deno.test(`invariant 8: a conversation that ends ${what} is ${code}`, async () => {
    await using stage = playing(script);
    const error = await failing(send(BYTES, stage.target, { name: "a" }));
    assertEquals(error.code, code);
  });
}

Deno.test("invariant 8: a receipt once read is never turned into a failure", async () => {
  await using stage = playing(async (peer, { id }) => {
    const { bytes } = await takeOne(peer);
    await peer.say(receipt(0, bytes, { id }), accept(0));
    await peer.sayBytes(noise(1_000));
    await peer.end();
  });
  const { bytes } = await send(BYTES, stage.target, { name: "a" });
  assertEquals(bytes, BYTES.length);
});

Deno.test("invariant 9: bad peers cost nothing that stays, and touch no other session", async () => {
  await using all = await destination();
  assert("port" in all.server.addr);
  const gate = Promise.withResolvers<void>();
  async function* slow() {
    yield BYTES;
    await gate.promise;
    yield BYTES;
  }
  const good = send(slow(), all.server.addr, { name: "good" });
  for (let round = 0; round < 40; round++) {
    using peer = new Scripted(await Deno.connect(all.server.addr));
    await peer.greet();
    await peer.say(open(0, { name: `bad-${round}` }), data(0, BYTES));
    if (round % 2) await peer.say(data(0, BYTES, 7)); // out of place
    await peer.hearHello();
    await peer.hear("accept");
  }
  gate.resolve();
  assertEquals((await good).bytes, 2 * BYTES.length);
  await all.server.shutdown();
  assertEquals(await tree(all.dir.path), ["good"]);
  // That every socket was closed is what the resource sanitizer counts.
});
