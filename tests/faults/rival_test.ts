// Who may write to what is held of a file, and for how long it is held: one
// connection at a time, and a lease.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { serve } from "../../lib/server/serve.ts";
import { directorySink } from "../../lib/sink/disk/mod.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { joined, tempDir, tree } from "../support/helpers.ts";
import { waitForFiles } from "../support/wait_for_files.ts";
import { BYTES, deliver, interrupted, MIB, partials } from "./partial.ts";
import { FaultProxy, type Plan } from "./proxy.ts";
import { type Answer, visit } from "./raw.ts";

/** A proxy whose first connection goes silent mid-data, both ways. */
function frozenFirst(connection: number): Plan {
  let passed = 0;
  return connection > 0 ? {} : {
    onBytes(way, bytes, link) {
      if (way === "up") passed += bytes.length;
      if (passed > 2.5 * MIB) link.freeze();
    },
  };
}

Deno.test("a sender that comes back takes its file from the connection it left (4, 7)", async () => {
  await using dir = await tempDir();
  const ended = Promise.withResolvers<TransferError>();
  // The receiver would wait much longer than this test takes.
  await using server = serve({
    sink: directorySink(dir.path),
    idleTimeout: 600_000,
    onError: (error) => ended.resolve(error),
  });
  await using proxy = await FaultProxy.to(server.addr, frozenFirst);
  const receipt = await send(BYTES, proxy.addr, {
    name: "a",
    idleTimeout: 1_500, // a busy machine says nothing for a while
    retry: 1,
  });
  assertEquals(receipt.existing, false);
  assertEquals(await Deno.readFile(`${dir.path}/a`), BYTES);
  assertEquals(proxy.links.length, 2);
  const again = proxy.links[1]!.up.reduce((sum, { length }) => sum + length, 0);
  assert(again < BYTES.length - MIB / 2, "what was there was not used");
  // Its bytes come late: the old connection may not write any more.
  proxy.links[0]!.cut("fin");
  await ended.promise;
  assertEquals(await Deno.readFile(`${dir.path}/a`), BYTES);
  assertEquals(await tree(dir.path), ["a"]);
});

Deno.test("late packets of a connection that was left cost the one that is used a retry at most (4, 6)", async () => {
  await using dir = await tempDir();
  await using server = serve({ sink: directorySink(dir.path), onError() {} });
  // What a connection that was left says when its packets come at last: the
  // same HELLO, the same OPEN, in the middle of the data.
  const late: Promise<Answer>[] = [];
  await using proxy = await FaultProxy.to(server.addr, (connection) => {
    let passed = 0;
    const words: Uint8Array[] = [];
    return connection > 0 ? {} : {
      onBytes(way, bytes) {
        if (way === "down" || late.length > 0) return;
        if (passed < MIB) words.push(bytes.slice());
        passed += bytes.length;
        if (passed < 2 * MIB) return;
        const head = joined(words).subarray(0, 200);
        late.push(visit(server.addr, head));
      },
    };
  });
  const receipt = await send(BYTES, proxy.addr, {
    name: "a",
    retry: 2,
    limitRate: 2e7,
  });
  assertEquals(receipt.bytes, BYTES.length);
  assertEquals(late.length, 1);
  await Promise.all(late);
  await server.shutdown();
  assertEquals(await Deno.readFile(`${dir.path}/a`), BYTES);
  assertEquals(await tree(dir.path), ["a"]);
});

Deno.test("two connections of one transfer that open a file at once leave one file (4, 9)", async () => {
  await using dir = await tempDir();
  await interrupted(dir.path, "a", BYTES, 2.5 * MIB);
  const sink = directorySink(dir.path);
  const entry = { kind: "file", name: "a", size: BYTES.length } as const;
  const opened = await Promise.allSettled(
    Array.from({ length: 4 }, () => sink.open(entry, "the same")),
  );
  let written = 0;
  for (const one of opened) {
    try {
      if (one.status === "rejected") throw one.reason;
      const draft = one.value;
      const offset = draft.resumable?.length ?? 0;
      await draft.resumable?.start(offset);
      await draft.write(BYTES.subarray(offset));
      await draft.commit();
      written++;
      assert(offset > MIB, "what is held was not shown");
    } catch (error) {
      assert(error instanceof TransferError && error.retriable, String(error));
    }
  }
  assertEquals(written, 1);
  assertEquals(await Deno.readFile(`${dir.path}/a`), BYTES);
  assertEquals(await tree(dir.path), ["a"]);
});

Deno.test("another transfer's partial that is being written is left alone (3, 4, 9)", async () => {
  await using dir = await tempDir();
  await using server = serve({ sink: directorySink(dir.path), onError() {} });
  await using proxy = await FaultProxy.to(server.addr, frozenFirst);
  const stop = new AbortController();
  const first = send(BYTES, proxy.addr, { name: "a", signal: stop.signal });
  first.catch(() => {});
  await waitForFiles(dir.path, async () => await partials(dir.path) === 1);
  const second = await send(BYTES, server.addr, { name: "a" });
  assertEquals(second.existing, false);
  assertEquals(await partials(dir.path), 1);
  assertEquals(await Deno.readFile(`${dir.path}/a`), BYTES);
  stop.abort();
  await assertRejects(() => first, DOMException);
});

/** Runs something on another day. */
async function later<T>(hours: number, run: () => Promise<T>): Promise<T> {
  const { now } = Date;
  Date.now = () => now() + hours * 3_600_000;
  try {
    return await run();
  } finally {
    Date.now = now;
  }
}

Deno.test("a partial that nobody came back for is swept after its lease, and not before (9)", async () => {
  await using dir = await tempDir();
  const partial = await interrupted(dir.path, "forgotten", BYTES);
  await later(23, () => deliver(dir.path, BYTES));
  assertEquals((await Deno.stat(partial)).isFile, true);
  await Deno.remove(`${dir.path}/a`);
  await later(25, () => deliver(dir.path, BYTES));
  assertEquals(await tree(dir.path), ["a"]);
});

Deno.test("a partial that is being written is never swept, however old (3, 9)", async () => {
  await using dir = await tempDir();
  await using server = serve({ sink: directorySink(dir.path), onError() {} });
  const gate = Promise.withResolvers<void>();
  async function* slow() {
    yield BYTES.slice(0, 2 * MIB);
    await gate.promise;
    yield BYTES.slice(2 * MIB);
  }
  const sending = send(slow(), server.addr, { name: "slow" });
  await waitForFiles(dir.path, async () => await partials(dir.path) === 1);
  // Another receiver's view of the same directory, days later.
  await later(100, () => deliver(dir.path, BYTES));
  assertEquals(await partials(dir.path), 1);
  gate.resolve();
  assertEquals((await sending).bytes, BYTES.length);
  assertEquals(await Deno.readFile(`${dir.path}/slow`), BYTES);
  assertEquals(await tree(dir.path), ["a", "slow"]);
});
