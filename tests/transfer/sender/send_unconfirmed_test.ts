// Everything was sent, and what came back was no receipt.

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { bytesItem, type Item } from "../../../lib/source/item.ts";
import { transfer } from "../../../lib/transfer/sender/send.ts";
import { SESSION } from "../../../lib/wire/frames.ts";
import { utf8 } from "../../support/helpers.ts";
import {
  accept,
  digestOf,
  fail,
  failing,
  playing,
  receipt,
  type Script,
  takeOne,
} from "../../support/scripted.ts";
import { attempt, BYTES, vanishes } from "../../support/send_stage.ts";

/** What may come instead of the receipt, once everything was sent. */
const NO_RECEIPT: [string, Script][] = [
  ["an end", vanishes],
  ["a frame out of place", async (peer) => {
    await takeOne(peer);
    await peer.say(accept(0));
    await peer.rest().catch(() => {}); // it may be cut off by then
  }],
  ["noise", async (peer) => {
    await takeOne(peer);
    await peer.sayBytes(utf8("HTTP/1.1 200 OK\r\n\r\nhello and good bye"));
    await peer.rest().catch(() => {});
  }],
  ["a receipt for another transfer", async (peer, { id }) => {
    const { bytes } = await takeOne(peer);
    await peer.say(receipt(0, bytes, { id: id.toReversed() }));
    await peer.rest().catch(() => {});
  }],
  ["a receipt for other content", async (peer, { id }) => {
    const { bytes } = await takeOne(peer);
    await peer.say(receipt(0, bytes, { id, digest: digestOf(bytes.slice(1)) }));
    await peer.rest().catch(() => {});
  }],
];

for (const [what, script] of NO_RECEIPT) {
  Deno.test(`${what} in place of the receipt leaves it unconfirmed`, async () => {
    await using stage = playing(script);
    const error = await failing(attempt(stage.target));
    assertEquals([error.code, error.exit], ["unconfirmed", 13]);
    const { message } = error;
    assert(message.startsWith('Cannot confirm "a" at 127.0.0.1:'), message);
    assert(message.includes(": everything was sent, then "), message);
    assert(message.endsWith("; run the same command again to settle it"));
  });
}

Deno.test("silence in place of the receipt leaves it unconfirmed", async () => {
  await using stage = playing(async (peer) => {
    await takeOne(peer);
    await peer.rest().catch(() => {}); // the sender closes
  });
  const error = await failing(attempt(stage.target, { idleTimeout: 300 }));
  assertEquals(error.code, "unconfirmed");
});

Deno.test("a session that was declined after the end is known not to be delivered", async () => {
  await using stage = playing(async (peer) => {
    await takeOne(peer);
    await peer.hear("finish");
    await peer.say(fail(SESSION, { code: "integrity", retriable: true }));
    await peer.end();
  });
  assertEquals((await failing(attempt(stage.target))).code, "integrity");
});

Deno.test("a source that changed since everything was sent settles nothing", async () => {
  await using stage = playing(vanishes, async (peer) => {
    await peer.hear("open");
    await peer.say(accept(0));
    await peer.hear("fail");
    await peer.end();
  });
  const entry = { kind: "file", name: "a", size: BYTES.length } as const;
  const item = bytesItem(BYTES, entry);
  let opened = 0;
  const changing: Item = {
    entry,
    async open(algorithm) {
      if (opened++ === 0) return await item.open(algorithm);
      throw new TransferError("source-changed", {
        doing: "send",
        found: "it grew",
      });
    },
  };
  const error = await failing(transfer([changing], stage.target, { retry: 3 }));
  assertEquals([error.code, opened], ["unconfirmed", 2]);
});
