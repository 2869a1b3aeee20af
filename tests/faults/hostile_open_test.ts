// Announcements by hand: names that lead elsewhere, fields beyond their range.
// None of them makes anything, and the next sender is served.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { send } from "../../lib/transfer/sender/send.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import { hex, joined, sealed, tree, utf8 } from "../support/helpers.ts";
import { open } from "../support/scripted.ts";
import {
  BEYOND_DOUBLES,
  BYTES,
  DATA,
  END,
  FINISH,
  HUGE,
  OPEN,
  resealed,
  unharmed,
} from "./hostile.ts";
import { GREETING, said, visit } from "./raw.ts";
import { Inbox } from "./small.ts";

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

/** Fields of an OPEN beyond their range, by their place in the frame. */
const FIELDS: [string, number, Uint8Array][] = [
  ["kind there is not", 16, Uint8Array.of(9)],
  ["flag there is not", 17, Uint8Array.of(0x80)],
  ["reserved byte that is in use", 18, Uint8Array.of(2)],
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
