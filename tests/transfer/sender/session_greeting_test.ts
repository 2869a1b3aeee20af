// What a sender says before it knows who is there.

import { assertEquals } from "@std/assert";
import { FrameReader } from "../../../lib/transfer/frame_reader.ts";
import { OutgoingEntry } from "../../../lib/transfer/sender/outgoing_entry.ts";
import { SenderSession } from "../../../lib/transfer/sender/session.ts";
import { encodeFrame } from "../../../lib/wire/encoding.ts";
import { PREFACE } from "../../../lib/wire/preface.ts";
import { item } from "../../support/delivery_talk.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { joined } from "../../support/helpers.ts";
import { connectedPair } from "../../support/pairs.ts";
import { failing, hello, ID } from "../../support/scripted.ts";

Deno.test("a sender does not say that it is alive before it was greeted: a proof may be due", async () => {
  using time = new FakeTime();
  const [ours, theirs] = await connectedPair();
  const session = new SenderSession(
    { conn: ours },
    ID,
    [new OutgoingEntry(item(0), 0)],
    {
      idleTimeout: 5_000,
      limitRate: Infinity,
      onReceipt: () => {},
      onProgress: () => {},
    },
  );
  const outcome = failing(session.run());
  const reader = new FrameReader((into) => theirs.read(into));
  await reader.preface();
  assertEquals((await reader.next())?.type, "hello");
  await time.advance(2_000); // eight heartbeats long
  await theirs.write(joined([PREFACE as Uint8Array, encodeFrame(hello())]));
  assertEquals((await reader.next())?.type, "open");
  theirs.close();
  assertEquals((await time.until(outcome)).code, "lost");
});
