import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readSome } from "../../lib/net/duplex.ts";
import {
  drain,
  hangUp,
  readExactly,
  writeAll,
} from "../../lib/net/half_close.ts";
import { BOUNDS, connContract, MILLION } from "../support/conn_contract.ts";
import { joined, noise, rejectsWith, utf8 } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import {
  connectedPair,
  resettablePair,
  tlsPair,
  unixPair,
} from "../support/pairs.ts";

connContract("TCP", Deno.test, connectedPair);
connContract("Unix", Deno.test, unixPair);
connContract("TLS", (name, fn) => needs(["openssl"], name, fn), tlsPair);

Deno.test("write and close loses bytes to a slow reader that greeted", async () => {
  const [conn, peer] = await connectedPair();
  await writeAll(peer, utf8("220 Welcome\r\n"));
  await readExactly(conn, new Uint8Array(1));
  let arrived = 0;
  // The counter-example: everything written, then close() instead of hangUp().
  const reading = assertRejects(async () => {
    const buffer = new Uint8Array(4096);
    for (let count; (count = await peer.read(buffer)) !== null;) {
      arrived += count;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }, Deno.errors.ConnectionReset);
  await writeAll(conn, MILLION);
  conn.close();
  await reading;
  assert(arrived < MILLION.length, `all ${arrived} arrived`);
  peer.close();
});

Deno.test("readExactly() of nothing is true without asking the peer", async () => {
  const conn = {
    read: () => Promise.reject(new Error("asked")),
    close() {},
  };
  assertEquals(await readExactly(conn, new Uint8Array(0)), true);
});

Deno.test("readExactly() puts single bytes together", async () => {
  let next = 0;
  const buffer = new Uint8Array(5);
  const read = (into: Uint8Array) => {
    into[0] = ++next;
    return Promise.resolve(1);
  };
  await readExactly({ read, close() {} }, buffer);
  assertEquals([...buffer], [1, 2, 3, 4, 5]);
});

Deno.test("readExactly() rejects with lost when the peer resets", async () => {
  const [conn, reset] = await resettablePair();
  using _conn = conn;
  await reset();
  await rejectsWith(
    "lost",
    () => readExactly(conn, new Uint8Array(4)),
    "Cannot read from the peer: the peer reset the connection, so what was " +
      "on the way is lost",
  );
});

Deno.test("writeAll() writes on after partial writes", async () => {
  const written: number[] = [];
  await writeAll({
    write(data) {
      const part = data.subarray(0, 3);
      written.push(...part);
      return Promise.resolve(part.length);
    },
    close() {},
  }, noise(10));
  assertEquals(Uint8Array.from(written), noise(10));
});

Deno.test("writeAll() rejects with lost when the peer is gone", async () => {
  const [conn, reset] = await resettablePair();
  using _conn = conn;
  await reset();
  await rejectsWith("lost", async () => {
    for (;;) await writeAll(conn, new Uint8Array(1));
  }, "Cannot write to the peer: the peer ");
  // The error is there once; from then on the pipe is merely broken.
  await rejectsWith(
    "lost",
    () => writeAll(conn, new Uint8Array(1)),
    "Cannot write to the peer: the peer closed the connection",
  );
});

Deno.test("drain() counts and shows what the peer still said", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn;
  const seen: Uint8Array[] = [];
  const [count] = await Promise.all([
    drain(conn, BOUNDS, (piece) => seen.push(piece.slice())),
    writeAll(peer, MILLION).then(() => peer.close()),
  ]);
  assertEquals([count, joined(seen)], [1_000_000, MILLION]);
});

Deno.test("drain() does not cut a peer that is slow within the bounds", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn;
  // Twelve pieces over more than the silence allowed between any two.
  let pieces = 0;
  const timer = setInterval(async () => {
    await peer.write(new Uint8Array(1));
    if (++pieces < 12) return;
    clearInterval(timer);
    peer.close();
  }, 25);
  assertEquals(await drain(conn, { silence: 250, total: 60_000 }), 12);
});

Deno.test("drain() rejects with lost when the peer resets", async () => {
  const [conn, reset] = await resettablePair();
  using _conn = conn;
  await reset();
  await rejectsWith("lost", () => drain(conn, BOUNDS), "reset");
});

Deno.test("hangUp() closes the connection also when it fails", async () => {
  const [conn, mute] = await connectedPair();
  using _mute = mute;
  const bounds = { silence: 20, total: 60_000 };
  await rejectsWith("stalled", () => hangUp(conn, bounds), "nothing moved");
  await rejectsWith(
    "lost",
    () => readSome(conn, new Uint8Array(1)),
    "the connection was closed on this side",
  );
});

Deno.test("hangUp() rejects with lost after the peer reset, and has closed", async () => {
  const [conn, reset] = await resettablePair();
  await reset();
  await rejectsWith("lost", () => hangUp(conn, BOUNDS));
  await rejectsWith("lost", () => readSome(conn, new Uint8Array(1)));
});

Deno.test("drain() and hangUp() refuse bounds that are none", async () => {
  for (const bound of [0, -1, NaN]) {
    for (const name of ["silence", "total", "bytes"]) {
      const [conn, peer] = await connectedPair();
      using _peer = peer;
      const bounds = { ...BOUNDS, [name]: bound };
      const found = `Cannot use ${name} ${bound}: it must be above 0`;
      await rejectsWith("usage", () => drain(conn, bounds), found);
      await writeAll(conn, utf8("still open"));
      await rejectsWith("usage", () => hangUp(conn, bounds), found);
      // Its connection is closed all the same, as it says.
      assertThrows(() => conn.close(), Deno.errors.BadResource);
    }
  }
});
