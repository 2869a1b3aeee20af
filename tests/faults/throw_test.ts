// A program that throws in the middle: a sink, or a source, at any of its
// calls. Nothing hangs, nothing is wrong, and the next transfer is served.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { serve } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import type { Draft, Sink } from "../../lib/sink/sink.ts";
import { bytesItem, type Item } from "../../lib/source/item.ts";
import { send, transfer } from "../../lib/transfer/sender/send.ts";
import { noise } from "../support/helpers.ts";

const BYTES = noise(3_000_000);

/** A sink whose named call fails for entries that are called "bad". */
function breaking(
  call: string,
): Sink & { files: ReadonlyMap<string, Uint8Array> } {
  const good = memorySink();
  const fail = (what: string) => {
    if (what === call) throw new Error(`${call} is broken`);
  };
  return {
    files: good.files,
    async open(entry) {
      const draft = await good.open(entry);
      if (entry.name !== "bad") return draft;
      fail("open");
      let pieces = 0;
      const broken: Draft = {
        async write(piece) {
          fail(`write ${++pieces}`);
          await draft.write(piece);
        },
        async commit(onPhase) {
          fail("commit");
          const committed = await draft.commit(onPhase);
          fail("after the commit");
          return committed;
        },
        async abort() {
          await draft.abort();
          fail("abort");
        },
      };
      return broken;
    },
  };
}

for (
  const call of ["open", "write 1", "write 2", "commit", "after the commit"]
) {
  Deno.test(`a sink that throws at ${call} costs its entry, and no other (8, 9)`, async () => {
    const sink = breaking(call);
    await using server = serve({ sink, onError() {} });
    const item = (name: string) =>
      bytesItem(BYTES, { kind: "file", name, size: BYTES.length });
    const receipts: string[] = [];
    const error = await assertRejects(
      () =>
        transfer([item("a"), item("bad"), item("z")], server.addr, {
          onReceipt: ({ name }) => receipts.push(name),
        }),
      TransferError,
    );
    assert(error.message.includes(`${call} is broken`), error.message);
    assertEquals(receipts, ["a", "z"]);
    for (const name of receipts) assertEquals(sink.files.get(name), BYTES);
    await send(BYTES, server.addr, { name: "next" });
    await server.shutdown();
  });
}

/** An item whose named call fails. */
function failing(call: string): Item {
  const { entry, open } = bytesItem(BYTES, {
    kind: "file",
    name: "bad",
    size: BYTES.length,
  });
  const fail = (what: string) => {
    if (what === call) throw new Error(`${call} is broken`);
  };
  return {
    entry,
    async open(algorithm) {
      fail("open");
      const reading = await open(algorithm);
      let pieces = 0;
      return {
        ...reading,
        async read(into) {
          fail(`read ${++pieces}`);
          return await reading.read(into);
        },
        async verify() {
          await reading.verify();
          fail("verify");
        },
      };
    },
  };
}

for (const call of ["open", "read 1", "read 2", "read 3", "verify"]) {
  Deno.test(`a source that throws at ${call} delivers nothing, and hangs nobody (7, 8)`, async () => {
    const sink = memorySink();
    // Nothing but a bound on silence would end a wait for each other.
    const options = { idleTimeout: Infinity };
    await using server = serve({ sink, onError() {}, ...options });
    const error = await assertRejects(
      () => transfer([failing(call)], server.addr, options),
      TransferError,
    );
    assert(error.message.includes(`${call} is broken`), error.message);
    await server.shutdown();
    assertEquals(sink.files.size, 0);
  });
}

Deno.test("a write that the disk takes in pieces is a whole write (1)", async () => {
  const { directorySink } = await import("../../lib/sink/disk/mod.ts");
  const dir = await Deno.makeTempDir();
  const whole = Deno.FsFile.prototype.write;
  let calls = 0;
  Deno.FsFile.prototype.write = function (bytes) {
    calls++;
    return whole.call(this, bytes.subarray(0, Math.min(bytes.length, 10_007)));
  };
  try {
    await using server = serve({ sink: directorySink(dir) });
    await send(BYTES, server.addr, { name: "a" });
    assert(calls >= BYTES.length / 10_007, "the disk took it at once");
    assertEquals(await Deno.readFile(`${dir}/a`), BYTES);
  } finally {
    Deno.FsFile.prototype.write = whole;
    await Deno.remove(dir, { recursive: true });
  }
});
