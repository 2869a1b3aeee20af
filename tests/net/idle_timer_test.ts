import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { IdleTimer } from "../../lib/net/idle_timer.ts";
import { FakeTime } from "../support/fake_time.ts";
import { connectedPair } from "../support/pairs.ts";

/** More than all buffers between two sockets hold. */
const TOO_MUCH = new Uint8Array(64 * 2 ** 20);

Deno.test("IdleTimer frees a pending read when nothing moves", async () => {
  const [conn, mute] = await connectedPair();
  using _mute = mute;
  using time = new FakeTime();
  using idle = new IdleTimer(conn, 20_000);
  const hearing = assertRejects(
    () => idle.guard("hear", () => conn.read(new Uint8Array(1))),
    TransferError,
    "Cannot hear: nothing moved for 20 s",
  );
  await time.advance(20_000);
  assertEquals((await hearing).code, "stalled");
});

Deno.test("IdleTimer frees a pending write when nothing moves", async () => {
  const [conn, deaf] = await connectedPair();
  using _deaf = deaf;
  using idle = new IdleTimer(conn, 50);
  const error = await assertRejects(async () => {
    for (let at = 0; at < TOO_MUCH.length;) {
      at += await idle.guard("say", () => conn.write(TOO_MUCH.subarray(at)));
    }
  }, TransferError);
  assertEquals(error.code, "stalled");
});

Deno.test("IdleTimer counts a byte in either direction as progress", async () => {
  const [conn, peer] = await connectedPair();
  using _peer = peer;
  using time = new FakeTime();
  using idle = new IdleTimer(conn, 100);
  let over = false;
  const hearing = assertRejects(
    () => idle.guard("hear", () => conn.read(new Uint8Array(1))),
    TransferError,
  ).finally(() => over = true);
  // Writes go on for longer than the limit while the read sees nothing.
  for (let turn = 0; turn < 5; turn++) {
    await idle.guard("say", () => conn.write(new Uint8Array(1)));
    await peer.read(new Uint8Array(1));
    await time.advance(99);
  }
  assert(!over, "the read was cut while bytes moved");
  await time.advance(1);
  assertEquals((await hearing).code, "stalled");
});

Deno.test("IdleTimer takes moved() for progress outside of a guarded wait", async () => {
  const [conn, mute] = await connectedPair();
  using _mute = mute;
  using time = new FakeTime();
  using idle = new IdleTimer(conn, 100);
  let over = false;
  const hearing = assertRejects(
    () => idle.guard("hear", () => conn.read(new Uint8Array(1))),
    TransferError,
  ).finally(() => over = true);
  for (let turn = 0; turn < 5; turn++) {
    await time.advance(99);
    idle.moved();
  }
  await time.advance(99);
  assert(!over, "it did not hear that something moved");
  await time.advance(1);
  assertEquals((await hearing).code, "stalled");
});

Deno.test("IdleTimer does not count time in which nobody waits on the peer", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn, _peer = peer;
  using time = new FakeTime();
  using idle = new IdleTimer(conn, 30);
  await peer.write(new Uint8Array(1));
  await idle.guard("hear", () => conn.read(new Uint8Array(1)));
  // A slow disk: twice the limit passes between two waits.
  await time.advance(60);
  await peer.write(new Uint8Array(1));
  const read = () => conn.read(new Uint8Array(1));
  assertEquals(await idle.guard("hear", read), 1);
});

Deno.test("IdleTimer begins anew at each wait", async () => {
  using time = new FakeTime();
  let closed = false;
  using idle = new IdleTimer({ close: () => closed = true }, 1_000);
  await idle.guard("hear", () => Promise.resolve());
  await time.advance(750); // nobody waits on the peer
  const byte = Promise.withResolvers<number>();
  const hearing = idle.guard("hear", () => byte.promise);
  await time.advance(550); // 1.3 s since the last byte, 0.55 s of this wait
  assertEquals(closed, false);
  byte.resolve(1);
  assertEquals(await hearing, 1);
  // Of the next wait nothing is spared.
  const mute = Promise.withResolvers<number>();
  const waiting = assertRejects(
    () => idle.guard("hear", () => mute.promise),
    TransferError,
    "nothing moved for 1 s",
  );
  await time.advance(999);
  assertEquals(closed, false);
  await time.advance(1);
  assertEquals(closed, true);
  mute.reject(new Deno.errors.Interrupted("closed"));
  await waiting;
});

Deno.test("IdleTimer leaves no timer and no closed connection behind", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn, _peer = peer;
  using time = new FakeTime(); // asserts that no timer is left
  {
    using idle = new IdleTimer(conn, 60_000);
    await idle.guard("say", () => conn.write(new Uint8Array(1)));
  }
  await time.advance(60_000);
  assertEquals(await conn.write(new Uint8Array(1)), 1);
});

Deno.test("IdleTimer without a limit never runs out, and takes none that is not one", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn, _peer = peer;
  using time = new FakeTime();
  using idle = new IdleTimer(conn, Infinity);
  const reading = idle.guard("hear", () => conn.read(new Uint8Array(1)));
  await time.advance(30 * 24 * 60 * 60 * 1000); // longer than a timer may take
  await peer.write(new Uint8Array(1));
  assertEquals(await reading, 1);
  for (const limit of [0, -1, NaN]) {
    assertThrows(() => new IdleTimer(conn, limit), TransferError, "limit");
  }
});
