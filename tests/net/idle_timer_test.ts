import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { IdleTimer } from "../../lib/net/idle_timer.ts";
import { connectedPair } from "../support/pairs.ts";

/** More than all buffers between two sockets hold. */
const TOO_MUCH = new Uint8Array(64 * 2 ** 20);

Deno.test("IdleTimer frees a pending read when nothing moves", async () => {
  const [conn, mute] = await connectedPair();
  using _mute = mute;
  using idle = new IdleTimer(conn, 20);
  const error = await assertRejects(
    () => idle.guard("hear", () => conn.read(new Uint8Array(1))),
    TransferError,
    "Cannot hear: nothing moved for 0.02 s",
  );
  assertEquals(error.code, "stalled");
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
  using idle = new IdleTimer(conn, 100);
  const from = performance.now();
  const hearing = assertRejects(
    () => idle.guard("hear", () => conn.read(new Uint8Array(1))),
    TransferError,
  );
  // Writes go on for longer than the limit while the read sees nothing.
  while (performance.now() - from < 250) {
    await idle.guard("say", () => conn.write(new Uint8Array(1)));
    await peer.read(new Uint8Array(1));
  }
  const until = performance.now();
  assertEquals((await hearing).code, "stalled");
  assert(performance.now() - until >= 50, "the read was cut while bytes moved");
});

Deno.test("IdleTimer takes moved() for progress outside of a guarded wait", async () => {
  const [conn, mute] = await connectedPair();
  using _mute = mute;
  using idle = new IdleTimer(conn, 100);
  const from = performance.now();
  const beat = setInterval(() => {
    if (performance.now() - from < 250) idle.moved();
  }, 5);
  try {
    await assertRejects(
      () => idle.guard("hear", () => conn.read(new Uint8Array(1))),
      TransferError,
    );
  } finally {
    clearInterval(beat);
  }
  assert(performance.now() - from >= 250);
});

Deno.test("IdleTimer does not count time in which nobody waits on the peer", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn, _peer = peer;
  using idle = new IdleTimer(conn, 30);
  await peer.write(new Uint8Array(1));
  await idle.guard("hear", () => conn.read(new Uint8Array(1)));
  // A slow disk: twice the limit passes between two waits.
  await new Promise((resolve) => setTimeout(resolve, 60));
  await peer.write(new Uint8Array(1));
  const read = () => conn.read(new Uint8Array(1));
  assertEquals(await idle.guard("hear", read), 1);
});

Deno.test("IdleTimer leaves no timer and no closed connection behind", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn, _peer = peer;
  {
    using idle = new IdleTimer(conn, 60_000);
    await idle.guard("say", () => conn.write(new Uint8Array(1)));
  }
  await conn.write(new Uint8Array(1));
});

Deno.test("IdleTimer without a limit never runs out, and takes none that is not one", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn, _peer = peer;
  using idle = new IdleTimer(conn, Infinity);
  const reading = idle.guard("hear", () => conn.read(new Uint8Array(1)));
  // A timer that is due at once would have its turn before this one.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await peer.write(new Uint8Array(1));
  assertEquals(await reading, 1);
  for (const limit of [0, -1, NaN]) {
    assertThrows(() => new IdleTimer(conn, limit), TransferError, "limit");
  }
});
