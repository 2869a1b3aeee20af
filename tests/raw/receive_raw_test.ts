import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect as connectSocket } from "node:net";
import { TransferError } from "../../lib/base/errors.ts";
import { receiveRaw } from "../../lib/raw/receive_raw.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import type { Sink } from "../../lib/sink/sink.ts";
import { FakeTime } from "../support/fake_time.ts";
import { noise, sha256Of } from "../support/helpers.ts";
import { listen, sendBytes } from "../support/raw_talk.ts";

/** A connected pair, and what becomes of the receiving end. */
async function receiving(sink: Sink, options = {}) {
  using listener = listen();
  const conn = await Deno.connect(listener.target);
  const received = receiveRaw(await listener.accept(), sink, options);
  received.catch(() => {}); // the test looks at it later
  return { conn, received };
}

for (const size of [0, 1, 65_535, 65_536, 65_537, 10_000_000]) {
  Deno.test(`receiveRaw() keeps a stream of ${size} bytes and ends after it`, async () => {
    const bytes = noise(size);
    const sink = memorySink();
    const { conn, received } = await receiving(sink, { digest: true });
    for (let at = 0; at < size;) at += await conn.write(bytes.subarray(at));
    await conn.closeWrite();
    assertEquals(await conn.read(new Uint8Array(1)), null);
    // Its end comes after the commit, so a sender that waits has waited for it.
    assertEquals(sink.files.get("stdin"), bytes);
    conn.close();
    assertEquals(await received, {
      bytes: size,
      sha256: sha256Of(bytes),
      clean: true,
    });
  });
}

Deno.test("receiveRaw() passes a pause on at once", async () => {
  const pieces: Uint8Array[] = [];
  const heard = Promise.withResolvers<void>();
  const draft = {
    write(piece: Uint8Array) {
      pieces.push(piece.slice());
      heard.resolve();
      return Promise.resolve();
    },
    commit: () =>
      Promise.resolve({ name: "stdin", durable: false, existing: false }),
    abort: () => Promise.resolve(),
  };
  const { conn, received } = await receiving({
    open: () => Promise.resolve(draft),
  });
  await conn.write(Uint8Array.of(7));
  await heard.promise; // while the stream is still open
  assertEquals(pieces, [Uint8Array.of(7)]);
  conn.close();
  await received;
});

Deno.test("receiveRaw() tells of single bytes four times a second, and of the last", async () => {
  let left = 3_000;
  const conn = {
    read: () => Promise.resolve(left-- > 0 ? 1 : null),
    write: () => Promise.reject(new Error("there is nothing to say")),
    closeWrite: () => Promise.resolve(),
    close() {},
  };
  const counts: number[] = [];
  using time = new FakeTime();
  const { read } = conn;
  conn.read = () => (time.pass(1), read()); // a byte a millisecond
  await receiveRaw(conn, memorySink(), {
    onProgress: ({ bytes }) => counts.push(bytes),
  });
  assertEquals(counts.at(-1), 3_000);
  assert(counts.length >= 12 && counts.length <= 14, `${counts.length} times`);
});

Deno.test("receiveRaw() keeps nothing of a stream that is reset", async () => {
  using listener = listen();
  const { port } = listener.target;
  const socket = connectSocket({ host: "127.0.0.1", port });
  const closed = new Promise((resolve) => socket.on("close", resolve));
  const sink = memorySink();
  const heard = Promise.withResolvers<void>();
  const received = receiveRaw(await listener.accept(), sink, {
    onProgress: () => heard.resolve(),
  });
  received.catch(() => {}); // looked at below
  socket.write(noise(1_000));
  await heard.promise;
  socket.resetAndDestroy();
  const error = await assertRejects(() => received, TransferError);
  assertEquals([error.code, sink.files.size], ["lost", 0]);
  await closed;
});

Deno.test("receiveRaw() keeps nothing of a stream that stalls", async () => {
  const sink = memorySink();
  const { conn, received } = await receiving(sink, { idleTimeout: 50 });
  await conn.write(noise(10));
  const error = await assertRejects(() => received, TransferError);
  assertEquals([error.code, sink.files.size], ["stalled", 0]);
  conn.close();
});

Deno.test("receiveRaw() is dropped by its signal and keeps nothing", async () => {
  const sink = memorySink();
  const stop = new AbortController();
  const { conn, received } = await receiving(sink, { signal: stop.signal });
  await conn.write(noise(10));
  stop.abort(new RangeError("enough"));
  await assertRejects(() => received, RangeError, "enough");
  assertEquals(sink.files.size, 0);
  conn.close();
});

/** A sink that fails at one point, and whether its draft was dropped. */
function failing(at: "open" | "write" | "commit") {
  const full = () =>
    Promise.reject(
      new TransferError("local-io", { doing: at, found: "disk full" }),
    );
  let dropped = false;
  const draft = {
    write: () => at === "write" ? full() : Promise.resolve(),
    commit: full,
    abort: () => Promise.resolve().then(() => void (dropped = true)),
  };
  const sink: Sink = {
    open: () => at === "open" ? full() : Promise.resolve(draft),
  };
  return { sink, dropped: () => dropped };
}

for (const at of ["open", "write", "commit"] as const) {
  Deno.test(`receiveRaw() says local-io when the sink fails to ${at}`, async () => {
    const { sink, dropped } = failing(at);
    const { conn, received } = await receiving(sink);
    const sending = (async () => {
      for (let sent = 0; sent < 10_000_000;) {
        sent += await conn.write(new Uint8Array(1_000_000));
      }
      await conn.closeWrite();
    })();
    sending.catch(() => {}); // a receiver that gives up cuts it short
    const error = await assertRejects(() => received, TransferError);
    assertEquals(error.code, "local-io");
    assert(error.message.includes("disk full"));
    assertEquals(dropped(), at !== "open");
    conn.close();
  });
}

Deno.test("a sender never hears a clean end from a receiver whose disk is full", async () => {
  using listener = listen();
  const { sink } = failing("write");
  const received = listener.accept().then((conn) => receiveRaw(conn, sink));
  received.catch(() => {}); // looked at below
  const sending = sendBytes(new Uint8Array(64_000_000), listener.target);
  const error = await assertRejects(() => sending, TransferError);
  assertEquals(error.code, "lost");
  await assertRejects(() => received, TransferError, "disk full");
});

Deno.test("receiveRaw() takes no more than it may, and keeps nothing of it", async () => {
  for (const [maxSize, kept] of [[1_000, true], [999, false]] as const) {
    const sink = memorySink();
    const { conn, received } = await receiving(sink, { maxSize });
    await conn.write(noise(1_000));
    await conn.closeWrite();
    if (kept) {
      assertEquals((await received).bytes, 1_000);
    } else {
      const error = await assertRejects(() => received, TransferError, "999");
      assertEquals(error.code, "rejected");
    }
    assertEquals(sink.files.size, kept ? 1 : 0);
    conn.close();
  }
});

Deno.test("receiveRaw() commits every byte, also those that waited for a slow disk", async () => {
  const stored: number[] = [];
  const [begun, disk] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  let committed: number[] | undefined;
  const draft = {
    async write(piece: Uint8Array) {
      begun.resolve();
      await disk.promise;
      stored.push(...piece);
    },
    commit() {
      committed = [...stored];
      return Promise.resolve({
        name: "stdin",
        durable: false,
        existing: false,
      });
    },
    abort: () => Promise.resolve(),
  };
  // The second piece and the end come while the first is still being written.
  const [first, second] = [Uint8Array.of(1), Uint8Array.of(2)];
  const pieces = [first, second];
  const conn = {
    async read(into: Uint8Array) {
      const piece = pieces.shift();
      if (piece === second) await begun.promise;
      if (!piece) disk.resolve();
      if (piece) into.set(piece);
      return piece?.length ?? null;
    },
    write: () => Promise.reject(new Error("there is nothing to say")),
    closeWrite: () => Promise.resolve(),
    close() {},
  };
  const report = await receiveRaw(conn, { open: () => Promise.resolve(draft) });
  assertEquals([report.bytes, committed], [2, [1, 2]]);
});

for (const kind of ["throws", "rejects"] as const) {
  Deno.test(`an onProgress that ${kind} costs receiveRaw() no byte, and is thrown in the end`, async () => {
    const sink = memorySink();
    const cause = new RangeError("no screen");
    const { conn, received } = await receiving(sink, {
      onProgress() {
        if (kind === "rejects") return Promise.reject(cause);
        throw cause;
      },
    });
    await conn.write(noise(1_000));
    await conn.closeWrite();
    assertEquals(await conn.read(new Uint8Array(1)), null);
    conn.close();
    const error = await assertRejects(() => received, TransferError);
    assertEquals([error.code, error.cause], ["internal", cause]);
    assertEquals(sink.files.get("stdin"), noise(1_000));
  });
}

Deno.test("what onProgress rejects with late is thrown by receiveRaw() all the same", async () => {
  const late = Promise.withResolvers<void>();
  const cause = new RangeError("no screen");
  const { conn, received } = await receiving(memorySink(), {
    onProgress: () => late.promise,
  });
  await conn.write(noise(10));
  await conn.closeWrite();
  assertEquals(await conn.read(new Uint8Array(1)), null);
  conn.close();
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  late.reject(cause);
  const error = await assertRejects(() => received, TransferError);
  assertEquals(error.cause, cause);
});

Deno.test("an abort ends the wait of receiveRaw() for an onProgress that never settles", async () => {
  const stop = new AbortController();
  const { conn, received } = await receiving(memorySink(), {
    signal: stop.signal,
    onProgress: () => new Promise(() => {}),
  });
  await conn.write(noise(10));
  await conn.closeWrite();
  assertEquals(await conn.read(new Uint8Array(1)), null); // it is kept
  conn.close();
  stop.abort();
  // What it kept by then depends on when its own close is noticed.
  await received.catch((error) => assertEquals(error, stop.signal.reason));
});
