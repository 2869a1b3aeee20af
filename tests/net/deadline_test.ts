import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { concat } from "@std/bytes/concat";
import process from "node:process";
import { setImmediate } from "node:timers";
import { TransferError } from "../../lib/base/errors.ts";
import { closeQuietly, withDeadline } from "../../lib/net/deadline.ts";
import { readExactly, writeAll } from "../../lib/net/half_close.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { receive } from "../../lib/transfer/receiver/receive.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { FakeTime } from "../support/fake_time.ts";
import { needs } from "../support/needs.ts";
import { connectedPair, tlsPair, unixPair } from "../support/pairs.ts";
import { hello } from "../support/scripted.ts";

/** More than all buffers between two sockets hold. */
const TOO_MUCH = new Uint8Array(64 * 2 ** 20);

type Pair = () => Promise<[Deno.Conn, Deno.Conn]>;

async function freesRead(pair: Pair): Promise<void> {
  const [conn, mute] = await pair();
  using _mute = mute;
  using time = new FakeTime();
  const reading = assertRejects(
    () =>
      withDeadline(
        conn,
        20_000,
        "read the answer",
        () => conn.read(new Uint8Array(1)),
      ),
    TransferError,
    "Cannot read the answer: not done within 20 s",
  );
  await time.advance(20_000);
  const error = await reading;
  assertEquals(error.code, "stalled");
  assert(error.cause instanceof Deno.errors.Interrupted);
  assertThrows(() => conn.close(), Deno.errors.BadResource);
}

async function freesWrite(pair: Pair): Promise<void> {
  const [conn, deaf] = await pair();
  using _deaf = deaf;
  const error = await assertRejects(
    () =>
      withDeadline(conn, 50, "write", async () => {
        for (let at = 0; at < TOO_MUCH.length;) {
          at += await conn.write(TOO_MUCH.subarray(at));
        }
      }),
    TransferError,
  );
  assertEquals(error.code, "stalled");
}

Deno.test("withDeadline() frees a pending read", () =>
  freesRead(connectedPair));
Deno.test("withDeadline() frees a pending write", () =>
  freesWrite(connectedPair));
Deno.test("withDeadline() frees a pending read of a Unix socket", () =>
  freesRead(unixPair));
Deno.test("withDeadline() frees a pending write of a Unix socket", () =>
  freesWrite(unixPair));
needs(
  ["openssl"],
  "withDeadline() frees a pending read of a TLS connection",
  () => freesRead(tlsPair),
);
needs(
  ["openssl"],
  "withDeadline() frees a pending write of a TLS connection",
  () => freesWrite(tlsPair),
);

Deno.test("a silent peer is given up after 30 s where nothing else was asked", async () => {
  const [conn, peer] = await connectedPair();
  using _peer = peer;
  using time = new FakeTime();
  const receiving = assertRejects(
    () => receive(conn, memorySink()),
    TransferError,
    "nothing moved for 30 s",
  );
  await writeAll(peer, concat([PREFACE as Uint8Array, encodeFrame(hello())]));
  // The receiver's first byte: the time for the handshake is over.
  assertEquals(await readExactly(peer, new Uint8Array(1)), true);
  await time.until(receiving);
  assert(time.passed >= 30_000 && time.passed < 40_000, `${time.passed} ms`);
});

Deno.test("withDeadline() leaves the connection alone when there was time", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn, _peer = peer;
  await peer.write(new Uint8Array([7]));
  const buffer = new Uint8Array(1);
  const read = () => conn.read(buffer);
  assertEquals(await withDeadline(conn, 60_000, "read", read), 1);
  await conn.write(buffer);
});

Deno.test("withDeadline() passes an error that came in time", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn, _peer = peer;
  const found = new RangeError("other");
  const thrown = await assertRejects(
    () => withDeadline(conn, 60_000, "read", () => Promise.reject(found)),
    RangeError,
  );
  assertStrictEquals(thrown, found);
});

Deno.test("closeQuietly() forgives a second close and nothing else", () => {
  closeQuietly({
    close() {
      throw new Deno.errors.BadResource("closed before");
    },
  });
  const other = {
    close() {
      throw new TypeError("other");
    },
  };
  assertThrows(() => closeQuietly(other), TypeError);
});

Deno.test("no limit is no limit, not one that is over at once", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn, _peer = peer;
  using time = new FakeTime();
  const read = () => conn.read(new Uint8Array(1));
  const reading = withDeadline(conn, Infinity, "hear", read);
  await time.advance(1000); // a timer of no limit would be due at once
  await peer.write(new Uint8Array(1));
  assertEquals(await reading, 1);
});

Deno.test("a limit that is none has run out, and nothing is printed", async () => {
  const warnings: string[] = [];
  const note = ({ name }: Error) => warnings.push(name);
  process.on("warning", note);
  for (const limit of [0, -1, NaN]) {
    const [conn, mute] = await connectedPair();
    using _mute = mute;
    const read = () => conn.read(new Uint8Array(1));
    const error = await assertRejects(
      () => withDeadline(conn, limit, "read", read),
      TransferError,
    );
    assertEquals(error.code, "stalled");
  }
  await new Promise((resolve) => setImmediate(resolve)); // they come later
  process.off("warning", note);
  assertEquals(warnings, []);
});
