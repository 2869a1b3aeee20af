// Whoever else comes to an open port: other programs, other versions, scanners,
// and those who say nothing. The next sender is served.

import { assert, assertEquals } from "@std/assert";
import { connect } from "node:net";
import type { Code } from "../../lib/base/errors.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import { SESSION } from "../../lib/wire/frames.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { FakeTime } from "../support/fake_time.ts";
import { hex, joined, noise, utf8 } from "../support/helpers.ts";
import { BYTES, head, OPEN, unharmed } from "./hostile.ts";
import { GREETING, greeting, visit } from "./raw.ts";
import { Inbox } from "./small.ts";

/** Who comes to an open port, and what is said to it. */
const OTHER_PEERS: [string, Uint8Array | Iterable<Uint8Array>, Code | null][] =
  [
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
      joined([PREFACE.subarray(0, 7), Uint8Array.of(1)]),
      "protocol",
    ],
    [
      "an older version with a key",
      joined([PREFACE.subarray(0, 7), Uint8Array.of(0x81)]),
      "protocol",
    ],
    [
      "a newer version",
      joined([PREFACE.subarray(0, 7), Uint8Array.of(3)]),
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

for (const [who, words, code] of OTHER_PEERS) {
  Deno.test(`${who} is told so, once, and nothing is made (5, 9)`, async () => {
    await using inbox = await Inbox.open();
    await unharmed(inbox, async (to) => {
      const answer = await visit(to, words);
      assertEquals(answer.fails, code ? [code] : []);
    });
    assertEquals(inbox.errors.length, 1);
  });
}

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
    // Each of them is there until it is told to go, ten seconds later.
    let gone = 0;
    const ends = mute.map(async (conn) => {
      await conn.read(new Uint8Array(1)).catch(() => {});
      gone++;
    });
    await send(BYTES, to, { name: "meanwhile" });
    assertEquals(gone, 0);
    await Deno.remove(`${inbox.path}/meanwhile`);
    for (const conn of mute) conn.close();
    await Promise.all(ends);
  });
});

Deno.test("a byte a second does not keep an unauthenticated peer connected, and a session may take longer (7)", async () => {
  using time = new FakeTime();
  await using inbox = await Inbox.open();
  await unharmed(inbox, async (to) => {
    assert(to.transport !== "unix");
    using conn = await Deno.connect({ hostname: to.hostname, port: to.port });
    const ended = (async () => {
      try {
        while (await conn.read(new Uint8Array(1_024)) !== null);
      } catch (error) {
        assert(error instanceof Deno.errors.ConnectionReset);
      }
    })();
    const begun = time.passed;
    let at = 0;
    const drip = setInterval(() => {
      conn.write(GREETING.subarray(at, ++at)).catch(() => clearInterval(drip));
    }, 1_000);
    await time.until(ended);
    clearInterval(drip);
    const seconds = (time.passed - begun) / 1_000;
    assert(seconds >= 10 && seconds < 12, `${seconds} s`);
  });
  // After a HELLO in time, longer than an unauthenticated peer may take.
  const greeted = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  await using beside = await Inbox.open({ onConnect: () => greeted.resolve() });
  async function* slow() {
    await gate.promise;
    yield BYTES;
  }
  const sending = send(slow(), beside.server.addr, { name: "slow" });
  await greeted.promise;
  await time.advance(20_000);
  gate.resolve();
  assertEquals((await sending).bytes, BYTES.length);
});
