// Senders by hand that break every rule there is. Each is answered with a code
// that is true; the destination is as it was, and the next sender is served.

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Target } from "../lib/connect.ts";
import type { Code } from "../lib/errors.ts";
import {
  type Frame,
  MAX_AHEAD,
  MAX_DATA_BYTES,
  SESSION,
} from "../lib/frames.ts";
import { PREFACE } from "../lib/preface.ts";
import { connect } from "node:net";
import { FaultProxy } from "./faults/proxy.ts";
import { send } from "../lib/send.ts";
import { encodeFrame } from "../lib/wire.ts";
import { GREETING, greeting, said, visit } from "./faults/raw.ts";
import { Inbox } from "./faults/small.ts";
import { hex, joined, noise, sealed, tree, utf8 } from "./helpers.ts";
import { accept, data, end, fail, finish, open, receipt } from "./scripted.ts";

const BYTES = noise(1_000);

const OPEN = open(0, { name: "a", size: BYTES.length });
const DATA = data(0, BYTES);
const END = end(0, BYTES);
const FINISH = finish(1);

/** Changes bytes of a frame without saying so in its CRC-32. */
function damaged(frame: Frame, at: number): Uint8Array {
  const bytes = encodeFrame(frame);
  bytes[at]! ^= 0x10;
  return bytes;
}

/** A head that announces more than will ever come. */
function head(type: number, length: number, entry = 0): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint32(4, entry);
  view.setUint32(8, length);
  return sealed(bytes);
}

function codeOf(frame: Frame): number {
  return encodeFrame(frame)[0]!;
}

/** Gives a frame other bytes at a place, with a CRC-32 that is right. */
function resealed(frame: Frame, at: number, bytes: Uint8Array): Uint8Array {
  const all = encodeFrame(frame);
  all.set(bytes, at);
  return sealed(all);
}

const OTHER = { digest: new Uint8Array(32) };
const HUGE = hex("ff ff ff ff ff ff ff ff");
const BEYOND_DOUBLES = hex("00 20 00 00 00 00 00 01");

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
    said(OPEN, DATA, end(0, BYTES, OTHER), FINISH),
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
  ["random bytes behind the greeting", noise(100_000), "protocol"],
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

async function unharmed(
  inbox: Inbox,
  attack: (to: Target) => Promise<void>,
): Promise<void> {
  await Deno.writeTextFile(`${inbox.path}/bystander`, "was here before");
  const before = await tree(inbox.path);
  await attack(inbox.server.addr);
  const healthy = await send(BYTES, inbox.server.addr, { name: "healthy" });
  assertEquals(healthy.bytes, BYTES.length);
  await inbox.end();
  assertEquals(await tree(inbox.path), [...before, "healthy"]);
  const kept = await Deno.readTextFile(`${inbox.path}/bystander`);
  assertEquals(kept, "was here before");
  const bugs = inbox.errors.filter(({ code }) => code === "internal");
  assertEquals(bugs.map(({ message }) => message), []);
}

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

const NAMES: [string, Uint8Array<ArrayBuffer>][] = [
  ...[
    "../outside",
    "a/../../outside",
    "/etc/outside",
    "a//b",
    "a/",
    "",
    ".",
    "..",
    "a/.",
    "C:\\outside",
    "C:outside",
    "\\\\host\\share",
    "a\\b",
    "a:b",
    "nul.txt",
    "CON",
    "com¹",
    "lpt1.log",

    "a\0b",
    "a\nb",
    "a\rb",
    "\x1b[31mred",
    "\x9bc1",
    "\u202Egpj.exe",
    "\u200Ehidden",
    "\uFEFFbom",
    ".halfclose-0000000000000000-000000000000000000000000",
    ".halfclose-x/y",
    "x".repeat(256),
    "é".repeat(128),
    "d/".repeat(101) + "f",
  ].map((name): [string, Uint8Array<ArrayBuffer>] => [
    JSON.stringify(name.slice(0, 40)),
    utf8(name),
  ]),
  ["invalid UTF-8", Uint8Array.of(0x61, 0xff, 0xfe)],
  ["an overlong slash", Uint8Array.of(0x2e, 0x2e, 0xc0, 0xaf, 0x61)],
  ["a lone surrogate", Uint8Array.of(0xed, 0xa0, 0x80)],
];

/** OPEN with a name that our own encoder may refuse to spell. */
function opening(name: Uint8Array): Uint8Array {
  const plain = encodeFrame(open(0, { name: "x" }));
  const all = joined([plain.subarray(0, -1), name]);
  const view = new DataView(all.buffer);
  view.setUint32(8, all.length - 16);
  const at = all.length - name.length - 2;
  view.setUint16(at, name.length);
  return sealed(all);
}

Deno.test("names that lead elsewhere, deceive or collide are refused, and nothing is made (5)", async () => {
  await using inbox = await Inbox.open();
  await unharmed(inbox, async (to) => {
    for (const [what, name] of NAMES) {
      const answer = await visit(to, [
        GREETING,
        opening(name),
        said(DATA, END, FINISH),
      ]);
      assertEquals(answer.receipts, 0, what);
      assertEquals(answer.fails.length, 1, what);
      const [code] = answer.fails;
      assert(code === "rejected" || code === "protocol", `${what}: ${code}`);
      assertEquals(await tree(inbox.path), ["bystander"], what);
    }
    for (const outside of [`${inbox.path}/../outside`, "/etc/outside"]) {
      await assertRejects(() => Deno.lstat(outside), Deno.errors.NotFound);
    }
  });
});

Deno.test("a name may be as long as a file system takes it", async () => {
  await using inbox = await Inbox.open();
  const name = "x".repeat(255);
  await send(BYTES, inbox.server.addr, { name });
  assertEquals(await tree(inbox.path), [name]);
});

/** Who comes to an open port, and what is said to it. */
const STRANGERS: [string, Uint8Array | Iterable<Uint8Array>, Code | null][] = [
  ["an HTTP client", utf8("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "protocol"],
  [
    "a browser's POST",
    utf8("POST / HTTP/1.1\r\n\r\n" + "x".repeat(9_000)),
    "protocol",
  ],
  ["a TLS client", hex("16 03 01 02 00 01 00 01 fc 03 03"), "protocol"],
  ["an SSH client", utf8("SSH-2.0-OpenSSH_9.2\r\n"), "protocol"],
  [
    "a megabyte of noise",
    joined([Uint8Array.of(0), noise(1_000_000)]),
    "protocol",
  ],
  ["nobody: it says nothing and goes", new Uint8Array(0), "protocol"],
  ["half a preface", PREFACE.subarray(0, 4), null],
  [
    "an older version",
    joined([PREFACE.subarray(0, 7), Uint8Array.of(0)]),
    "protocol",
  ],
  [
    "a newer version",
    joined([PREFACE.subarray(0, 7), Uint8Array.of(2)]),
    "protocol",
  ],
  [
    "one that insists on what there is not",
    greeting({ required: 1 }),
    "protocol",
  ],
  ["one without SHA-256", greeting({ digests: 2 }), "protocol"],
  ["one without a digest", greeting({ digests: 0 }), "protocol"],
  ["one that packs its data", greeting({ codecs: 2 }), "protocol"],
  [
    "one that does not say HELLO",
    joined([PREFACE as Uint8Array, encodeFrame(OPEN)]),
    "protocol",
  ],
  [
    "one whose HELLO is damaged",
    joined([GREETING.subarray(0, -1), Uint8Array.of(9)]),
    "integrity",
  ],
  [
    "one whose HELLO has 4 GiB",
    joined([PREFACE as Uint8Array, head(GREETING[8]!, 0xffff_ffff, SESSION)]),
    "protocol",
  ],
];

for (const [who, words, code] of STRANGERS) {
  Deno.test(`${who} is told so, once, and nothing is made (5, 9)`, async () => {
    await using inbox = await Inbox.open();
    await unharmed(inbox, async (to) => {
      const answer = await visit(to, words);
      assertEquals(answer.fails, code ? [code] : []);
    });
    assertEquals(inbox.errors.length, 1);
  });
}

/** Fields of an OPEN beyond their range, by their place in the frame. */
const FIELDS: [string, number, Uint8Array][] = [
  ["kind there is not", 16, Uint8Array.of(9)],
  ["flag there is not", 17, Uint8Array.of(0x80)],
  ["weaker digest", 18, Uint8Array.of(2)],
  ["size of 2^64-1", 20, HUGE],
  ["size that no double holds", 20, BEYOND_DOUBLES],
  ["time that no date holds", 28, hex("7f ff ff ff ff ff ff ff")],
  ["mode beyond permissions", 36, hex("ff ff ff ff")],
  ["name longer than the frame", 40, hex("ff ff")],
  ["name shorter than the frame", 40, hex("00 00")],
];

for (const [what, at, bytes] of FIELDS) {
  Deno.test(`an OPEN with a ${what} is no OPEN (5)`, async () => {
    await using inbox = await Inbox.open();
    await unharmed(inbox, async (to) => {
      const answer = await visit(to, [GREETING, resealed(OPEN, at, bytes)]);
      assertEquals(answer.fails, ["protocol"]);
    });
  });
}

Deno.test("a file of 2^53-1 bytes is announced, begun, and leaves nothing (9)", async () => {
  await using inbox = await Inbox.open();
  await unharmed(inbox, async (to) => {
    const size = Number.MAX_SAFE_INTEGER;
    const answer = await visit(to, [GREETING, said(open(0, { size }), DATA)]);
    assertEquals(answer.receipts, 0);
    assert(["remote-io", undefined].includes(answer.fails[0]));
  });
});

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

Deno.test("a port scan that resets is forgotten", async () => {
  await using inbox = await Inbox.open();
  await unharmed(inbox, async (to) => {
    assert(to.transport !== "unix");
    const { hostname: host, port } = to;
    for (let n = 0; n < 50; n++) {
      await new Promise<void>((resolve) => {
        const socket = connect({ host, port }, () => socket.resetAndDestroy());
        socket.on("close", () => resolve()).on("error", () => {});
      });
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

Deno.test("a thousand who say nothing cost a healthy sender nothing (7, 9)", async () => {
  await using inbox = await Inbox.open();
  await unharmed(inbox, async (to) => {
    assert(to.transport !== "unix");
    const mute = await Promise.all(
      Array.from(
        { length: 1_000 },
        () => Deno.connect({ hostname: to.hostname, port: to.port }),
      ),
    );
    const begun = performance.now();
    await send(BYTES, to, { name: "meanwhile" });
    assert(performance.now() - begun < 5_000);
    await Deno.remove(`${inbox.path}/meanwhile`);
    for (const conn of mute) conn.close();
  });
});

Deno.test("a byte a second does not keep a stranger in, and a session may take longer than a stranger (7)", async () => {
  await using inbox = await Inbox.open();
  await using beside = await Inbox.open();
  // Behind a HELLO that came in time: longer than a stranger may take.
  const began = performance.now();
  const slow = beside.sendPast({ up: { rate: 60 } }, "slow");
  await unharmed(inbox, async (to) => {
    assert(to.transport !== "unix");
    using conn = await Deno.connect({ hostname: to.hostname, port: to.port });
    const begun = performance.now();
    let at = 0;
    const drip = setInterval(() => {
      conn.write(GREETING.subarray(at, ++at)).catch(() => clearInterval(drip));
    }, 1_000);
    try {
      const buffer = new Uint8Array(1_024);
      while (await conn.read(buffer) !== null);
    } catch (error) {
      assert(error instanceof Deno.errors.ConnectionReset);
    } finally {
      clearInterval(drip);
    }
    const seconds = (performance.now() - begun) / 1_000;
    assert(seconds > 9 && seconds < 14, `${seconds} s`);
  });
  const outcome = await slow;
  assert(Array.isArray(outcome), String(outcome));
  assert(performance.now() - began > 10_000, "it was not slow");
});
