import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { hearAnswer } from "../../../lib/transfer/sender/hear_answer.ts";
import { OutgoingEntry } from "../../../lib/transfer/sender/outgoing_entry.ts";
import { TransmissionTable } from "../../../lib/transfer/sender/transmission_table.ts";
import type { Frame } from "../../../lib/wire/frames.ts";
import { BYTES, item } from "../../support/delivery_talk.ts";
import {
  accept,
  digestOf,
  fail,
  finish,
  ID,
  receipt,
} from "../../support/scripted.ts";

/** One entry that was announced, and what is heard of it. */
function announced() {
  const table = new TransmissionTable([new OutgoingEntry(item(0), 0)]);
  const one = table.all[0]!;
  table.announce(one);
  const heard: string[] = [];
  const hear = (frame: Frame) =>
    hearAnswer(frame, table, {
      id: ID,
      onPhase: (phase) => heard.push(`${phase} ${table.confirmed}`),
      onReceipt: ({ name }) => heard.push(`${name} ${one.entry.settled}`),
    });
  return { table, one, heard, hear };
}

function breaks(act: () => void): void {
  assertEquals(assertThrows(act, TransferError).code, "protocol");
}

Deno.test("answers take an entry from ACCEPT over ALIVE to its receipt", () => {
  const { one, heard, hear } = announced();
  hear(accept(0));
  assertEquals(one.stage, "accepted");
  hear({ type: "alive", entry: 0, phase: "receiving", bytes: 400 });
  one.start();
  const sent = { algorithm: "sha256", digest: digestOf(BYTES) } as const;
  one.end({ length: BYTES.length, ...sent }, 9);
  hear(receipt(0, BYTES));
  assertEquals(heard, ["receiving 400", "file-0 true", "committing 1000"]);
});

Deno.test("ALIVE for an entry that is settled says the phase and counts nothing", () => {
  const { heard, hear } = announced();
  hear({ type: "alive", entry: 7, phase: "syncing", bytes: 400 });
  assertEquals(heard, ["syncing 0"]);
});

Deno.test("FAIL fails its entry, also where the two sides' FAILs crossed", () => {
  const { one, table, hear } = announced();
  hear(fail(0, { reason: "it is there" }));
  assertEquals(
    one.entry.failure?.message,
    'Cannot deliver "file-0": it is there',
  );
  assertEquals(table.unsettled, 0);
  hear(fail(0, { reason: "again" }));
  assertEquals(one.entry.failure?.found, "it is there");
});

Deno.test("a frame out of place ends the session", () => {
  const { hear } = announced();
  for (const frame of [accept(9), fail(9), receipt(9, BYTES), finish(0)]) {
    breaks(() => hear(frame));
  }
  breaks(() => hear(receipt(0, BYTES))); // before its END
  hear(accept(0));
  breaks(() => hear(accept(0)));
});
