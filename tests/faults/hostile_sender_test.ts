// Senders by hand that break every rule there is. Each is answered with a code
// that is true; the destination is as it was, and the next sender is served.

import { assert, assertEquals } from "@std/assert";
import type { Code } from "../../lib/base/errors.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import {
  type Frame,
  MAX_AHEAD,
  MAX_DATA_BYTES,
  SESSION,
} from "../../lib/wire/frames.ts";
import { joined, noise, tree } from "../support/helpers.ts";
import {
  accept,
  data,
  end,
  fail,
  finish,
  open,
  receipt,
} from "../support/scripted.ts";
import {
  BEYOND_DOUBLES,
  BYTES,
  DATA,
  END,
  FINISH,
  head,
  HUGE,
  OPEN,
  resealed,
  unharmed,
} from "./hostile.ts";
import { FaultProxy } from "./proxy.ts";
import { damaged, GREETING, said, visit } from "./raw.ts";
import { Inbox } from "./small.ts";

function codeOf(frame: Frame): number {
  return encodeFrame(frame)[0]!;
}

/** What a hostile sender does behind its greeting, and what it is told. */
const SESSIONS: [string, Uint8Array | Iterable<Uint8Array>, Code | null][] = [
  ["DATA before any OPEN", said(DATA, FINISH), "protocol"],
  ["END before any OPEN", said(END, FINISH), "protocol"],
  ["FAIL for an entry that is not there", said(fail(3)), "protocol"],
  [
    "more bytes than announced",
    said(open(0, { size: 10 }), DATA, END, FINISH),
    "protocol",
  ],
  [
    "fewer bytes than announced",
    said(open(0, { size: 2_000 }), DATA, END, FINISH),
    "integrity",
  ],
  ["no bytes of those announced", said(OPEN, END, FINISH), "integrity"],
  [
    "a length that is not what came",
    said(OPEN, DATA, end(0, BYTES, { length: 999 }), FINISH),
    "integrity",
  ],
  [
    "a digest of something else",
    said(OPEN, DATA, end(0, BYTES, { digest: new Uint8Array(32) }), FINISH),
    "integrity",
  ],
  [
    "data with a gap",
    said(OPEN, DATA, data(0, BYTES, 1_001), FINISH),
    "protocol",
  ],
  [
    "data that overlaps",
    said(open(0, { size: 1_999 }), DATA, data(0, BYTES, 999), FINISH),
    "protocol",
  ],
  [
    "data that begins behind what is held",
    said(OPEN, data(0, BYTES, 5), FINISH),
    "protocol",
  ],
  ["an entry twice", said(OPEN, open(0, { name: "b" }), finish(2)), "protocol"],
  [
    "entries that go down",
    said(open(5), open(0, { name: "b" }), finish(2)),
    "protocol",
  ],
  ["the session as an entry", said(open(SESSION), FINISH), "protocol"],
  [
    "more entries ahead than allowed",
    said(
      ...Array.from(
        { length: MAX_AHEAD + 1 },
        (_, entry) => open(entry),
      ),
    ),
    "protocol",
  ],
  [
    "FINISH with an entry that has no END",
    said(OPEN, DATA, FINISH),
    "protocol",
  ],
  ["an end without FINISH", said(OPEN, DATA), null],
  [
    "an end inside a frame",
    said(OPEN, encodeFrame(DATA).subarray(0, 500)),
    null,
  ],
  [
    "bytes in a directory",
    said(open(0, { kind: "directory", name: "d" }), DATA, END, FINISH),
    "protocol",
  ],
  ["a second HELLO", said(GREETING.subarray(8), OPEN), "protocol"],
  ["the receiver's own RECEIPT", said(OPEN, receipt(0, BYTES)), "protocol"],
  ["the receiver's own ACCEPT", said(accept(0)), "protocol"],
  ["a frame of 4 GiB", head(codeOf(DATA), 0xffff_ffff), "protocol"],
  [
    "data one byte longer than allowed",
    head(codeOf(DATA), MAX_DATA_BYTES + 9),
    "protocol",
  ],
  ["a type there is not", head(0xee, 4), "protocol"],
  [
    "a codec that was not agreed on",
    said(OPEN, resealed(DATA, 1, Uint8Array.of(1))),
    "protocol",
  ],
  [
    "a digest algorithm that was not agreed on",
    said(OPEN, DATA, resealed(END, 24, Uint8Array.of(2))),
    "protocol",
  ],
  [
    "bits that must be zero",
    said(resealed(OPEN, 19, Uint8Array.of(1))),
    "protocol",
  ],
  ["an offset of 2^64-1", said(OPEN, resealed(DATA, 16, HUGE)), "protocol"],
  [
    "an offset that no double holds",
    said(OPEN, resealed(DATA, 16, BEYOND_DOUBLES)),
    "protocol",
  ],
  ["damage in the header", said(damaged(OPEN, 5)), "integrity"],
  ["damage in the data", said(OPEN, damaged(DATA, 100)), "integrity"],
  ["random bytes behind the greeting", noise(100_000), "integrity"],
  [
    "ALIVE ten thousand times, then nothing",
    Array.from({ length: 10_000 }, () =>
      encodeFrame({
        type: "alive",
        entry: 0,
        phase: "reading",
        bytes: 2 ** 52,
      })),
    null,
  ],
];

for (const [what, words, code] of SESSIONS) {
  Deno.test(`a sender that says ${what} leaves nothing (5, 9)`, async () => {
    await using inbox = await Inbox.open();
    await unharmed(inbox, async (to) => {
      const rest = words instanceof Uint8Array ? [words] : words;
      const answer = await visit(to, [GREETING, ...rest]);
      assertEquals(answer.receipts, 0);
      assertEquals(answer.fails, code ? [code] : []);
    });
    assert(inbox.errors.length === 1, `${inbox.errors.length} errors`);
  });
}

/** What is wrong behind an entry that was right. */
const TOO_MUCH: [string, Uint8Array][] = [
  ["data behind the END", said(OPEN, DATA, END, DATA, FINISH)],
  ["a second END", said(OPEN, DATA, END, END, FINISH)],
  ["FINISH with another count", said(OPEN, DATA, END, finish(7))],
];

for (const [what, words] of TOO_MUCH) {
  Deno.test(`${what} takes nothing away from the entry before it (3, 8)`, async () => {
    await using inbox = await Inbox.open();
    const answer = await visit(inbox.server.addr, [GREETING, words]);
    assertEquals(answer.fails, ["protocol"]);
    // Told or not, it is there or it is not, and whole if it is.
    const there = await tree(inbox.path);
    assertEquals(there, answer.receipts === 1 ? ["a"] : []);
    if (there.length > 0) {
      assertEquals(await Deno.readFile(`${inbox.path}/a`), BYTES);
    }
    const again = await send(BYTES, inbox.server.addr, { name: "a" });
    assertEquals(again.existing, there.length > 0);
    await inbox.end();
  });
}

Deno.test("a resume from where nothing was proven is no resume (3)", async () => {
  await using inbox = await Inbox.open();
  await unharmed(inbox, async (to) => {
    for (const offset of [1, 999, 1_000, 2 ** 40]) {
      const size = 2 ** 41;
      const answer = await visit(to, [
        GREETING,
        said(open(0, { size }), data(0, BYTES, offset)),
      ]);
      assertEquals(answer.receipts, 0);
      assert(["protocol", "remote-io"].includes(answer.fails[0]!));
    }
  });
});

Deno.test("what a session says is not taken for another's: a replay moves nothing new (6)", async () => {
  await using inbox = await Inbox.open();
  await using proxy = await FaultProxy.to(inbox.server.addr);
  await send(BYTES, proxy.addr, { name: "a" });
  const words = joined(proxy.links[0]!.up);
  const before = await tree(inbox.path);
  const answer = await visit(inbox.server.addr, words);
  // It is the same transfer with the same bytes: there already.
  assertEquals([answer.fails.length, answer.receipts], [0, 1]);
  assertEquals(await tree(inbox.path), before);
});
