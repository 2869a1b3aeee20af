// A source that does not answer while its connection breaks, as on a file server
// that is away: the attempt that was left must not touch the one after it.

import { assertEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { bytesItem, type Item } from "../../../lib/source/item.ts";
import type { Reading } from "../../../lib/source/reader.ts";
import { transfer } from "../../../lib/transfer/sender/send.ts";
import { accept, playing, type Script } from "../../support/scripted.ts";
import { BYTES, delivers } from "../../support/send_stage.ts";

/** A receiver that is gone as soon as it has asked for the bytes. */
const asks: Script = async (peer) => {
  await peer.hear("open");
  await peer.say(accept(0));
};

/** An item whose first opening is the test's; the second one waits for that. */
function stuck(first: (second: Promise<unknown>) => Promise<Reading>): Item {
  const second = Promise.withResolvers<void>();
  const entry = { kind: "file", name: "a", size: BYTES.length } as const;
  const item = bytesItem(BYTES, entry);
  let opening: Promise<Reading> | undefined;
  return {
    entry,
    async open(algorithm) {
      if (!opening) return await (opening = first(second.promise));
      second.resolve();
      await opening;
      return await item.open(algorithm);
    },
  };
}

async function delivered(item: Item): Promise<void> {
  await using stage = playing(asks, delivers);
  const [receipt] = await transfer([item], stage.target, { retry: 1 });
  assertEquals(receipt!.bytes, BYTES.length);
}

Deno.test("a read that fails when its connection is long gone fails nothing else", async () => {
  const item = stuck(async (second) => {
    const read = async () => {
      await second;
      throw new TransferError("source", {
        doing: "read",
        found: "it was unplugged",
      });
    };
    return { ...await bytesItem(BYTES, item.entry).open("sha256"), read };
  });
  await delivered(item);
});

Deno.test("a source that opens when its connection is long gone takes nothing from the next one", async () => {
  const item = stuck(async (second) => {
    await second; // both have been asked to open now, as the first one was left
    return await bytesItem(BYTES, item.entry).open("sha256");
  });
  await delivered(item);
});
