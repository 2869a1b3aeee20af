/**
 * What reading, writing and hanging up promise on every kind of connection.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  type Bounds,
  drain,
  hangUp,
  readExactly,
  writeAll,
} from "../../lib/net/half_close.ts";
import { joined, noise, rejectsWith, utf8 } from "./helpers.ts";

/** Time enough. */
export const BOUNDS: Bounds = { silence: 10_000, total: 30_000 };
/** More than the buffers on the way hold. */
export const MILLION = noise(1_000_000);

/** A reader of a few kilobytes at a time with a pause after each. */
async function readSlowly(conn: Deno.Conn): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(4096);
    const count = await conn.read(buffer);
    if (count === null) return joined(pieces);
    pieces.push(buffer.subarray(0, count));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** How two ends of a connection are made. */
type Pair = () => Promise<[Deno.Conn, Deno.Conn]>;

/** Registers the promises that are the same on every kind of connection. */
export function connContract(
  kind: string,
  test: (name: string, fn: () => Promise<void>) => void,
  pair: Pair,
): void {
  test(`readExactly() fills the buffer, then tells a clean end (${kind})`, async () => {
    const [conn, peer] = await pair();
    using _conn = conn;
    const [sent, buffer] = [noise(100_000), new Uint8Array(100_000)];
    const [full] = await Promise.all([
      readExactly(conn, buffer),
      writeAll(peer, sent).then(() => peer.close()),
    ]);
    assertEquals([full, buffer], [true, sent]);
    assertEquals(await readExactly(conn, new Uint8Array(1)), false);
  });

  test(`readExactly() rejects with lost when the peer ends mid-buffer (${kind})`, async () => {
    const [conn, peer] = await pair();
    using _conn = conn;
    await writeAll(peer, new Uint8Array(3));
    await peer.closeWrite();
    const read = () => readExactly(conn, new Uint8Array(4));
    const found = "Cannot read 4 bytes: the peer ended after 3";
    await rejectsWith("lost", read, found);
    peer.close();
  });

  test(`hangUp() hears what the peer says after the half-close (${kind})`, async () => {
    const [conn, peer] = await pair();
    const heard: Uint8Array[] = [];
    const answering = (async () => {
      assertEquals(await drain(peer, BOUNDS), 5);
      await writeAll(peer, MILLION); // only once our end was seen
      return await hangUp(peer, BOUNDS);
    })();
    await writeAll(conn, utf8("query"));
    const count = await hangUp(conn, BOUNDS, (piece) => {
      heard.push(piece.slice());
    });
    assertEquals(await answering, 0);
    assertEquals(count, 1_000_000);
    assertEquals(joined(heard), MILLION);
  });

  test(`hangUp() loses nothing to a slow reader that greeted (${kind})`, async () => {
    const [conn, peer] = await pair();
    const reading = (async () => {
      await writeAll(peer, utf8("220 Welcome\r\n"));
      const all = await readSlowly(peer);
      peer.close();
      return all;
    })();
    // One byte of the greeting is read, so the others are there, unread.
    assertEquals(await readExactly(conn, new Uint8Array(1)), true);
    await writeAll(conn, MILLION);
    assertEquals(await hangUp(conn, BOUNDS), 12);
    assertEquals(await reading, MILLION);
  });

  test(`drain() rejects with stalled when the peer is silent (${kind})`, async () => {
    const [conn, mute] = await pair();
    using _mute = mute;
    const bounds = { silence: 20, total: 60_000 };
    await rejectsWith(
      "stalled",
      () => drain(conn, bounds),
      "Cannot read to the end of the connection: nothing moved for 0.02 s",
    );
  });

  test(`drain() rejects with stalled when the peer never stops talking (${kind})`, async () => {
    const [conn, chatty] = await pair();
    const talking = assertRejects(async () => {
      for (;;) await chatty.write(utf8("and another thing\r\n"));
    }, Error);
    const bounds = { silence: 60_000, total: 50 };
    await rejectsWith(
      "stalled",
      () => drain(conn, bounds),
      "Cannot read to the end of the connection: not done within 0.05 s",
    );
    await talking;
    chatty.close();
  });

  test(`drain() takes no more than it is to, and closes (${kind})`, async () => {
    const [conn, chatty] = await pair();
    const talking = assertRejects(async () => {
      for (;;) await chatty.write(MILLION);
    }, Error);
    let taken = 0;
    await rejectsWith(
      "protocol",
      () =>
        drain(
          conn,
          { ...BOUNDS, bytes: 100_000 },
          ({ length }) => taken += length,
        ),
      "Cannot read to the end of the connection: the peer said more than 100000 bytes",
    );
    assert(taken > 100_000 && taken < 200_000, `${taken} bytes`);
    await talking;
    chatty.close();
  });

  test(`drain() takes as much as it may (${kind})`, async () => {
    const [conn, peer] = await pair();
    const bounds = { ...BOUNDS, bytes: MILLION.length };
    const saying = writeAll(peer, MILLION).then(() => peer.close());
    assertEquals(await hangUp(conn, bounds), MILLION.length);
    await saying;
  });

  test(`writeAll() rejects with lost when somebody closes the connection (${kind})`, async () => {
    const [conn, deaf] = await pair();
    using _deaf = deaf;
    const writing = rejectsWith("lost", async () => {
      for (;;) await writeAll(conn, MILLION);
    }, "Cannot write to the peer: the connection was closed on this side");
    // The peer heard something, so the writing has begun.
    await deaf.read(new Uint8Array(1));
    conn.close();
    await writing;
  });

  for (const wait of ["readExactly", "writeAll", "drain", "hangUp"] as const) {
    test(`${wait}() rejects with a signal's reason and has closed (${kind})`, async () => {
      const [conn, mute] = await pair();
      using _mute = mute;
      const [gone, reason] = [new AbortController(), new Error("enough")];
      const options = { ...BOUNDS, signal: gone.signal };
      const waiting = assertRejects(async () => {
        for (;;) {
          await {
            readExactly: () => readExactly(conn, new Uint8Array(1), options),
            writeAll: () => writeAll(conn, MILLION, options),
            drain: () => drain(conn, options),
            hangUp: () => hangUp(conn, options),
          }[wait]();
        }
      }, Error);
      gone.abort(reason);
      assertStrictEquals(await waiting, reason);
      await rejectsWith("lost", () => readExactly(conn, new Uint8Array(1)));
      // One that is aborted already is not even begun.
      const again = assertRejects(
        () => readExactly(conn, new Uint8Array(0), options),
        Error,
      );
      assertStrictEquals(await again, reason);
    });
  }
}
