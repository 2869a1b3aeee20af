import { assertEquals } from "@std/assert";
import { together, TransferError } from "../../../lib/base/errors.ts";
import type { Phase } from "../../../lib/model/progress.ts";
import { bytesItem } from "../../../lib/source/item.ts";
import {
  explain,
  totalOf,
} from "../../../lib/transfer/sender/explain_failure.ts";
import { OutgoingEntry } from "../../../lib/transfer/sender/outgoing_entry.ts";

const TARGET = { hostname: "192.0.2.7", port: 9000 };
const LOST = new TransferError("lost", {
  doing: "read from the peer",
  found: "the peer reset the connection",
});

/** What the receiver said last. */
function heard(phase?: Phase, confirmed = 0) {
  return { phase, confirmed };
}

function entry(number: number, size = 2_000): OutgoingEntry {
  const bytes = new Uint8Array(size);
  const announced = { kind: "file", name: `f${number}`, size } as const;
  return new OutgoingEntry(bytesItem(bytes, announced), number);
}

Deno.test("a cut says the phase, how far it came and what to do next", () => {
  const { code, message } = explain(
    LOST,
    [entry(0)],
    TARGET,
    heard("receiving", 500),
  );
  assertEquals(code, "lost");
  assertEquals(
    message,
    'Cannot deliver "f0" to 192.0.2.7:9000: the peer reset the connection ' +
      "while the receiver was receiving; it had confirmed 500 B of 2.00 kB; " +
      "run the same command again",
  );
});

Deno.test("a lost connection's message says that the transfer can be resumed if it can", () => {
  const large = entry(0, 2_000_000);
  const { message } = explain(
    LOST,
    [large],
    TARGET,
    heard(undefined, 1_048_576),
  );
  assertEquals(
    message,
    'Cannot deliver "f0" to 192.0.2.7:9000: the peer reset the connection; ' +
      "it had confirmed 1.05 MB of 2.00 MB; " +
      "run the same command again to go on from there",
  );
});

Deno.test("a refusal says the receiver's reason and no more", () => {
  const refusal = new TransferError("rejected", {
    doing: 'store "f0"',
    found: "it is there",
  });
  const { code, message } = explain(refusal, [entry(0)], TARGET, heard());
  assertEquals(code, "rejected");
  assertEquals(
    message,
    'Cannot deliver "f0" to 192.0.2.7:9000: it is there',
  );
});

Deno.test("what was sent whole stays unconfirmed, whatever later attempts met", () => {
  const one = entry(0);
  one.unconfirmed = new TransferError("lost", {
    doing: "hear",
    found: "no receipt came",
  });
  const refused = new TransferError("connect", {
    doing: "connect",
    found: "nobody listens",
  });
  const { code, message, cause } = explain(
    refused,
    [one],
    TARGET,
    heard("syncing", 2_000),
  );
  assertEquals([code, cause], ["unconfirmed", refused]);
  assertEquals(
    message,
    'Cannot confirm "f0" at 192.0.2.7:9000: everything was sent, then no ' +
      "receipt came while the receiver was syncing; run the same command " +
      "again to settle it",
  );
});

Deno.test("what was sent whole stays unconfirmed when its source fails afterwards", () => {
  const [sent, refused] = [entry(0), entry(1)];
  sent.unconfirmed = LOST;
  sent.failure = new TransferError("source-changed", {
    doing: "send",
    found: "it grew",
  });
  refused.failure = new TransferError("rejected", {
    doing: "store",
    found: "it is there",
  });
  const both = together([sent.failure, refused.failure]);
  const { code, message, errors } = explain(
    both,
    [sent, refused],
    TARGET,
    heard(undefined, 2_000),
  );
  assertEquals([code, errors], ["unconfirmed", both.errors]);
  assertEquals(message.startsWith('Cannot confirm "f0" at '), true, message);
});

Deno.test("one entry that was not sent whole makes the transfer lost", () => {
  const [sent, unsent] = [entry(0), entry(1)];
  sent.unconfirmed = LOST;
  const { code, message } = explain(LOST, [sent, unsent], TARGET, heard());
  assertEquals(code, "lost");
  assertEquals(message.startsWith("Cannot deliver 2 of 2 entries to "), true);
});

Deno.test("totalOf() adds up, and is not known where a pipe is among the entries", () => {
  const entries = [entry(0), entry(1)];
  assertEquals(totalOf(entries), 4_000);
  const pipe = bytesItem(new Uint8Array(1), { kind: "file", name: "pipe" });
  assertEquals(totalOf([...entries, new OutgoingEntry(pipe, 2)]), undefined);
});
