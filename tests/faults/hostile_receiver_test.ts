// Receivers by hand that lie, break the rules, fall silent, or are something
// else altogether: nothing they say makes a transfer that is not delivered look
// like one that is, or keeps the sender waiting.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Code, TransferError } from "../../lib/base/errors.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import { SESSION } from "../../lib/wire/frames.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { noise, utf8 } from "../support/helpers.ts";
import { accept, data, fail, receipt } from "../support/scripted.ts";
import {
  ACCEPT,
  atOnce,
  atTheEnd,
  type Hands,
  listening,
  type Ploy,
} from "./hands.ts";
import { head } from "./hostile.ts";
import { damaged, greeting } from "./raw.ts";

const BYTES = noise(1_000);

const OTHER_ID = new Uint8Array(16).fill(9);

/**
 * What a receiver does, and what the sender says about it. Behind the end of
 * all entries nobody but the receiver knows: whatever it says instead of a
 * valid receipt, the outcome is unconfirmed.
 */
const LIES: [string, Ploy, Code][] = [
  [
    "a receipt for another transfer",
    atTheEnd(() => [receipt(0, BYTES, { id: OTHER_ID })]),
    "unconfirmed",
  ],
  [
    "a receipt for other bytes",
    atTheEnd((id) => [receipt(0, BYTES, { id, digest: new Uint8Array(32) })]),
    "unconfirmed",
  ],
  [
    "a receipt for another length",
    atTheEnd((id) => [receipt(0, BYTES, { id, length: 999 })]),
    "unconfirmed",
  ],
  [
    "a receipt for an entry there is not",
    atTheEnd((id) => [receipt(5, BYTES, { id })]),
    "unconfirmed",
  ],
  [
    "a receipt before the end",
    atOnce((id) => [greeting({ id }), ACCEPT, receipt(0, BYTES, { id })]),
    "protocol",
  ],
  [
    "a receipt before it accepted",
    atOnce((id) => [greeting({ id }), receipt(0, BYTES, { id })]),
    "protocol",
  ],
  ["a clean end instead of a receipt", atTheEnd(() => []), "unconfirmed"],
  [
    "half a receipt",
    atTheEnd((id) => [encodeFrame(receipt(0, BYTES, { id })).subarray(0, 50)]),
    "unconfirmed",
  ],
  [
    "a damaged receipt",
    atTheEnd((id) => [damaged(receipt(0, BYTES, { id }), 40)]),
    "unconfirmed",
  ],
  ["a clean end after HELLO", atOnce((id) => [greeting({ id })]), "lost"],
  [
    "a HELLO for another transfer",
    atOnce(() => [greeting({ id: OTHER_ID })]),
    "protocol",
  ],
  [
    "two ACCEPTs",
    atOnce((id) => [greeting({ id }), ACCEPT, ACCEPT]),
    "protocol",
  ],
  [
    "an ACCEPT for an entry there is not",
    atOnce((id) => [greeting({ id }), accept(9)]),
    "protocol",
  ],
  ["DATA", atOnce((id) => [greeting({ id }), data(0, BYTES)]), "protocol"],
  [
    "a refusal with a reason",
    atOnce((id) => [greeting({ id }), fail(0, { reason: "no" })]),
    "rejected",
  ],
  [
    "that its disk is full",
    atTheEnd(() => [fail(0, { code: "remote-io", reason: "no space" })]),
    "remote-io",
  ],
  [
    "that the session is over",
    atTheEnd(() => [fail(SESSION, { retriable: true, reason: "stopping" })]),
    "rejected",
  ],
  ["noise", atOnce((id) => [greeting({ id }), noise(10_000)]), "integrity"],
  [
    "a frame of 4 GiB",
    atOnce((id) => [
      greeting({ id }),
      head(0x11, 0xffff_ffff),
    ]),
    "protocol",
  ],
];

for (const [what, ploy, code] of LIES) {
  Deno.test(`a receiver that says ${what} is no success: ${code} (2, 8)`, async () => {
    using peer = listening(ploy);
    const error = await assertRejects(
      () => send(BYTES, peer.addr, { name: "a", idleTimeout: 2_000 }),
      TransferError,
    );
    assertEquals(error.code, code, error.message);
    await peer.over;
  });
}

Deno.test("a receipt once read is never turned into a failure by what follows (8)", async () => {
  const after: ((hands: Hands) => Promise<void>)[] = [
    ({ id, say }) => say(receipt(0, BYTES, { id })),
    ({ say }) => say(noise(500)),
    ({ say }) => say(new Uint8Array(100_000)),
    ({ conn }) => Promise.resolve(conn.close()),
  ];
  for (const more of after) {
    using peer = listening(async (hands) => {
      await atTheEnd((id) => [receipt(0, BYTES, { id })])(hands);
      await more(hands);
    });
    const { sha256 } = await send(BYTES, peer.addr, { name: "a" });
    assertEquals(sha256.length, 64);
    await peer.over;
  }
});

/** Who says what where a receiver was expected. */
const SERVERS: [string, Uint8Array, Code, RegExp][] = [
  [
    "an HTTP server",
    utf8("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "protocol",
    /HTTP server/,
  ],
  ["an SSH server", utf8("SSH-2.0-OpenSSH_9.2\r\n"), "protocol", /SSH/],
  ["a mail server", utf8("220 mail.example ESMTP\r\n"), "protocol", /mail/],
  ["a TLS server", Uint8Array.of(0x15, 3, 1, 0, 2, 2, 70), "protocol", /TLS/],
  [
    "a newer version",
    Uint8Array.of(...PREFACE.subarray(0, 7), 9),
    "protocol",
    /version 9/,
  ],
];

for (const [who, words, code, says] of SERVERS) {
  Deno.test(`${who} where a receiver was expected is told apart at once (8)`, async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const over = (async () => {
      using conn = await listener.accept();
      await conn.write(words);
      const scrap = new Uint8Array(4_096);
      while (await conn.read(scrap) !== null);
    })();
    const { hostname, port } = listener.addr;
    const error = await assertRejects(
      () => send(BYTES, { hostname, port }, { name: "a" }),
      TransferError,
    );
    assertEquals(error.code, code);
    assert(says.test(error.message), error.message);
    await over.catch((error) =>
      assert(error instanceof Deno.errors.ConnectionReset)
    );
    listener.close();
  });
}

Deno.test("a server that never says a word, and one that never reads, end in time (7)", async () => {
  for (const size of [10, 30_000_000]) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const held = listener.accept();
    const { hostname, port } = listener.addr;
    const error = await assertRejects(
      () =>
        send(new Uint8Array(size), { hostname, port }, {
          name: "a",
          idleTimeout: 300,
        }),
      TransferError,
    );
    assertEquals(error.code, "stalled", error.message);
    assert(error.message.includes("0.3 s"), error.message);
    (await held).close();
  }
});

Deno.test("a receiver that accepts and then reads nothing ends in time (7)", async () => {
  const done = Promise.withResolvers<void>();
  using peer = listening(async ({ id, say }) => {
    await say(greeting({ id }), ACCEPT);
    await done.promise;
  });
  const error = await assertRejects(
    () =>
      send(new Uint8Array(50_000_000), peer.addr, {
        name: "a",
        idleTimeout: 300,
      }),
    TransferError,
  );
  assertEquals(error.code, "stalled", error.message);
  done.resolve();
  await peer.over;
});

Deno.test("what a receiver says is escaped before anybody sees it", async () => {
  const reason = "\x1b[2J\x9b1m\u202Etxt.exe\nhalfclose: delivered";
  using peer = listening(
    atOnce((id) => [greeting({ id }), fail(0, { reason })]),
  );
  const error = await assertRejects(
    () => send(BYTES, peer.addr, { name: "a" }),
    TransferError,
  );
  assert(!/[\p{Cc}\u202E]/u.test(error.message), JSON.stringify(error.message));
  await peer.over;
});

Deno.test("digests that are not true cost a fresh start at most (3)", async () => {
  let from = -1;
  using peer = listening(async ({ id, say, hearUntil }) => {
    const digests = noise(64 * 32);
    await say(greeting({ id }), {
      type: "accept",
      entry: 0,
      held: 64 * 16,
      block: 16,
      algorithm: "sha256",
      digests,
    });
    const first = await hearUntil("data");
    assert(first.type === "data");
    from = first.offset;
    await hearUntil("finish");
    await say(receipt(0, BYTES, { id }));
  });
  await send(BYTES, peer.addr, { name: "a" });
  assertEquals(from, 0);
  await peer.over;
});
