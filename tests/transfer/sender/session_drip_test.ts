// A receiver that lets its first words drip, one byte at a time.

import { assert, assertEquals } from "@std/assert";
import type { SecuredConn } from "../../../lib/security/secured_conn.ts";
import { OutgoingEntry } from "../../../lib/transfer/sender/outgoing_entry.ts";
import { SenderSession } from "../../../lib/transfer/sender/session.ts";
import { encodeFrame } from "../../../lib/wire/encoding.ts";
import { PREFACE } from "../../../lib/wire/preface.ts";
import { FAIR, memoryPair } from "../../faults/memory_conn.ts";
import { item } from "../../support/delivery_talk.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { joined } from "../../support/helpers.ts";
import { fail, failing, ID } from "../../support/scripted.ts";

const REASON = "I take my time, and there is a lot of it. ".repeat(10);

/** How long a delivery hears such a receiver, in seconds, and how it ends. */
async function heard(more: Pick<SecuredConn, "credentials">) {
  using time = new FakeTime();
  const [ours, theirs] = memoryPair(FAIR);
  const outcome = failing(
    new SenderSession({ conn: ours, ...more }, ID, [
      new OutgoingEntry(item(0), 0),
    ], {
      idleTimeout: 1_000,
      limitRate: Infinity,
      onReceipt: () => {},
      onProgress: () => {},
    }).run(),
  );
  const refusal = encodeFrame(fail(0, { reason: REASON }));
  const words = joined([PREFACE as Uint8Array, refusal]);
  let at = 0;
  const drip = setInterval(() => {
    theirs.write(words.subarray(at, ++at)).catch(() => clearInterval(drip));
  }, 50);
  const { code, message } = await time.until(outcome);
  const seconds = time.passed / 1_000;
  clearInterval(drip);
  theirs.close();
  return { code, message, seconds };
}

Deno.test("a receiver whose first words drip is given up after ten seconds, with a key and without (7)", async () => {
  const secret = new Uint8Array(32);
  const credentials = { role: "sender", secret, binding: secret } as const;
  for (const all of [await heard({}), await heard({ credentials })]) {
    assertEquals(all.code, "stalled", all.message);
    assert(all.message.includes("not done within 10 s"), all.message);
    assertEquals(all.seconds, 10);
  }
});
