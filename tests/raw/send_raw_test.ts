import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { Progress } from "../../lib/model/progress.ts";
import { sendRaw } from "../../lib/raw/send_raw.ts";
import { FakeTime } from "../support/fake_time.ts";
import { noise, readAll, sha256Of, tempDir } from "../support/helpers.ts";
import { listen, sendBytes } from "../support/raw_talk.ts";

/** A source that gives some bytes and then waits for its gate. */
function gated(first: Uint8Array) {
  const gate = Promise.withResolvers<void>();
  async function* chunks() {
    yield first;
    await gate.promise;
  }
  return { source: chunks(), gate };
}

const STALLED = /nothing moved for 0.05 s/;

Deno.test("sendRaw() ends with a half-close and still hears the answer", async () => {
  using listener = listen();
  const bytes = noise(100_000);
  const serving = (async () => {
    using conn = await listener.accept();
    const got = await readAll(conn); // resolves at the half-close
    await conn.write(Uint8Array.of(1, 2, 3));
    return got;
  })();
  const replies: number[] = [];
  const report = await sendBytes(bytes, listener.target, {
    digest: true,
    onReply: (piece) => replies.push(...piece),
  });
  assertEquals(report, {
    bytes: 100_000,
    sha256: sha256Of(bytes),
    clean: true,
  });
  assertEquals(await serving, bytes);
  assertEquals(replies, [1, 2, 3]);
});

Deno.test("sendRaw() counts up to the size it announces", async () => {
  using listener = listen();
  const serving = (async () => {
    using conn = await listener.accept();
    await readAll(conn);
  })();
  const seen: Progress[] = [];
  await sendBytes(noise(3_000_000), listener.target, {
    onProgress: (progress) => seen.push(progress),
  });
  await serving;
  assert(seen.every(({ total }) => total === 3_000_000));
  const counts = seen.map(({ bytes }) => bytes);
  assertEquals(counts, counts.toSorted((a, b) => a - b));
  assertEquals(counts.at(-1), 3_000_000);
});

Deno.test("sendRaw() tells of single bytes four times a second, and of the last", async () => {
  using listener = listen();
  const serving = (async () => {
    using conn = await listener.accept();
    return await readAll(conn);
  })();
  let left = 3_000;
  const source = {
    read: () => Promise.resolve(left-- > 0 ? 1 : null),
  };
  const counts: number[] = [];
  using time = new FakeTime();
  const { read } = source;
  source.read = () => (time.pass(1), read()); // a byte a millisecond
  await sendRaw(source, listener.target, {
    onProgress: ({ bytes }) => counts.push(bytes),
  });
  assertEquals((await serving).length, 3_000);
  assertEquals(counts.at(-1), 3_000);
  assert(counts.length >= 12 && counts.length <= 14, `${counts.length} times`);
});

Deno.test("sendRaw() keeps to the rate", async () => {
  using listener = listen();
  const serving = (async () => {
    using conn = await listener.accept();
    await readAll(conn);
  })();
  using time = new FakeTime();
  let connected = NaN, over = false;
  const sending = sendBytes(noise(30_000), listener.target, {
    limitRate: 100_000,
    onConnect: () => connected = time.passed,
  }).finally(() => over = true);
  sending.catch(() => {}); // awaited below
  // By single milliseconds: what is on its way in the kernel is no silence.
  while (!over) await time.advance(1);
  await sending;
  await serving;
  // The first tenth of a second's bytes go at once, the rest takes its time.
  const took = time.passed - connected;
  assert(took >= 200, `${took} ms`);
});

Deno.test("sendRaw() says connect where nobody listens", async () => {
  const { target } = (() => {
    using gone = listen();
    return gone;
  })();
  const error = await assertRejects(
    () => sendBytes(noise(1), target),
    TransferError,
    "nobody listens there",
  );
  assertEquals(error.code, "connect");
});

Deno.test("sendRaw() says stalled when a peer stops reading", async () => {
  using listener = listen();
  const accepted = listener.accept();
  const error = await assertRejects(
    () =>
      sendBytes(new Uint8Array(64_000_000), listener.target, {
        idleTimeout: 50,
      }),
    TransferError,
  );
  assertEquals(error.code, "stalled");
  assert(STALLED.test(error.message), error.message);
  (await accepted).close();
});

Deno.test("sendRaw() says unconfirmed when a peer never ends its side", async () => {
  using listener = listen();
  const accepted = listener.accept();
  const error = await assertRejects(
    () => sendBytes(noise(10), listener.target, { idleTimeout: 50 }),
    TransferError,
    `Cannot confirm "noise" to 127.0.0.1:${listener.target.port}: `,
  );
  assertEquals(error.code, "unconfirmed");
  assert(STALLED.test(error.message), error.message);
  (await accepted).close();
});

Deno.test("sendRaw() says source when the source fails, and lets the peer go", async () => {
  using listener = listen();
  const accepted = listener.accept();
  const failing = { read: () => Promise.reject(new Error("bad sector")) };
  const error = await assertRejects(
    () => sendRaw(failing, listener.target, { name: "gpj.\u{202e}a" }),
    TransferError,
    'Cannot deliver "gpj.\\u{202e}a" to ',
  );
  assertEquals(error.code, "source");
  assert(error.message.endsWith("bad sector"), error.message);
  using conn = await accepted;
  await readAll(conn);
});

Deno.test("sendRaw() is dropped by its signal, at once and with its reason", async () => {
  using listener = listen();
  const { source, gate } = gated(noise(10));
  const stop = new AbortController();
  const sending = sendRaw(source, listener.target, { signal: stop.signal });
  sending.catch(() => {}); // looked at below
  using conn = await listener.accept();
  await conn.read(new Uint8Array(10));
  stop.abort(new RangeError("enough"));
  assertEquals(await conn.read(new Uint8Array(1)), null);
  gate.resolve();
  await assertRejects(() => sending, RangeError, "enough");
});

Deno.test("sendRaw() does not connect when its signal is aborted already", async () => {
  using listener = listen();
  const signal = AbortSignal.abort(new RangeError("too late"));
  await assertRejects(
    () => sendBytes(noise(1), listener.target, { signal }),
    RangeError,
    "too late",
  );
});

Deno.test("sendRaw() is not held up by a source that says nothing", async () => {
  const stuck = { read: () => new Promise<null>(() => {}) };
  using listener = listen();
  const stop = new AbortController();
  const accepted = listener.accept();
  const sending = sendRaw(stuck, listener.target, { signal: stop.signal });
  const failing = sending.catch((error) => error);
  using _conn = await accepted;
  stop.abort(new RangeError("enough"));
  assert(await failing instanceof RangeError);
});

Deno.test("sendRaw() reads the answer on when it cannot be kept, and says so in the end", async () => {
  using listener = listen();
  const sending = sendRaw(noise(5_000_000), listener.target, {
    onReply() {
      throw new Deno.errors.BrokenPipe("nobody reads it");
    },
  });
  const failing = assertRejects(
    () => sending,
    TransferError,
    "nobody reads it",
  );
  using conn = await listener.accept();
  await conn.write(noise(1_000)); // unread, it would reset the connection
  assertEquals((await readAll(conn)).length, 5_000_000);
  await conn.closeWrite();
  const error = await failing;
  assertEquals(error.code, "local-io");
  assert(
    error.message.startsWith('Cannot finish sending "stdin" to '),
    error.message,
  );
});

Deno.test("sendRaw() takes no slow keeper of the answer for a silent peer", async () => {
  using listener = listen();
  using time = new FakeTime();
  const keeping = Promise.withResolvers<void>();
  const kept = Promise.withResolvers<void>();
  const sending = sendRaw(noise(10), listener.target, {
    idleTimeout: 100,
    onReply: () => (keeping.resolve(), kept.promise),
  });
  using conn = await listener.accept();
  await conn.write(noise(10));
  await keeping.promise;
  await time.advance(1_000); // much longer than the limit
  kept.resolve();
  await readAll(conn);
  await conn.closeWrite();
  assertEquals((await sending).clean, true);
});

Deno.test("sendRaw() sends a file whose name no receiver would take", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/line\nbreak`;
  await Deno.writeFile(path, noise(10));
  using listener = listen();
  const sending = sendRaw(path, listener.target);
  using conn = await listener.accept();
  assertEquals(await readAll(conn), noise(10));
  await conn.closeWrite();
  assertEquals((await sending).bytes, 10);
});

Deno.test("sendRaw() says of a directory that it is one, whatever is in it", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/line\nbreak`, noise(10));
  const error = await assertRejects(
    () => sendRaw(dir.path, { hostname: "127.0.0.1", port: 1 }),
    TransferError,
    `Cannot send "${dir.path}": it is a directory`,
  );
  assertEquals(error.code, "usage");
});

Deno.test("sendRaw() refuses a limit that would never let it end", async () => {
  const nowhere = { hostname: "127.0.0.1", port: 1 };
  const error = await assertRejects(
    () => sendRaw(noise(1), nowhere, { limitRate: 0 }),
    TransferError,
    "Cannot use limitRate 0",
  );
  assertEquals(error.code, "usage");
});

/** Writes to a file in place, at once: its length stays. */
function overwrite(path: string): void {
  using file = Deno.openSync(path, { write: true });
  file.writeSync(Uint8Array.of(1, 2, 3));
}

Deno.test("sendRaw() says source-changed of a file that was written to meanwhile", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/log`;
  await Deno.writeFile(path, noise(3_000_000));
  await Deno.utime(path, 1, 1); // what is written later is later in any case
  using listener = listen();
  let begun = false;
  const sending = sendRaw(path, listener.target, {
    idleTimeout: 5_000,
    onProgress() {
      if (begun) return;
      begun = true; // the first block is sent
      overwrite(path);
    },
  });
  const failing = assertRejects(() => sending, TransferError);
  using conn = await listener.accept();
  await readAll(conn);
  const error = await failing;
  assertEquals([error.code, error.retriable], ["source-changed", false]);
});

Deno.test("sendRaw() tries nothing again once it was connected: nobody knows what arrived", async () => {
  const outcomes: [string, number, (conn: Deno.TcpConn) => unknown][] = [
    ["unconfirmed", 1_000, readAll], // and never ends
    ["stalled", 64_000_000, () => {}], // and never reads
  ];
  for (const [code, size, act] of outcomes) {
    using listener = listen();
    let retries = 0;
    const sending = sendBytes(new Uint8Array(size), listener.target, {
      idleTimeout: 200,
      retry: 3,
      onRetry: () => retries++,
    });
    const failing = assertRejects(() => sending, TransferError);
    using conn = await listener.accept();
    await act(conn);
    const error = await failing;
    assertEquals([error.code, error.retriable, retries], [code, false, 0]);
  }
});

for (const name of ["onConnect", "onProgress"] as const) {
  Deno.test(`an ${name} that throws costs sendRaw() no byte, and is thrown in the end`, async () => {
    using listener = listen();
    const cause = new RangeError("no screen");
    const sending = sendBytes(noise(1_000), listener.target, {
      [name]() {
        throw cause;
      },
    });
    const failing = assertRejects(() => sending, TransferError);
    using conn = await listener.accept();
    assertEquals(await readAll(conn), noise(1_000));
    await conn.closeWrite();
    const error = await failing;
    assertEquals([error.code, error.cause], ["internal", cause]);
  });
}

Deno.test("an onRetry that throws does not keep sendRaw() from trying again", async () => {
  const { target } = (() => {
    using gone = listen();
    return gone;
  })();
  let retries = 0;
  const error = await assertRejects(
    () =>
      sendBytes(noise(1), target, {
        retry: 2,
        onRetry() {
          retries++;
          throw new RangeError("no screen");
        },
      }),
    TransferError,
  );
  assertEquals([error.code, retries], ["connect", 2]);
});

Deno.test("an abort in onConnect sends nothing, and is the reason", async () => {
  using listener = listen();
  const stop = new AbortController();
  const reason = new RangeError("there is no place for the answer");
  const sending = sendBytes(noise(1_000), listener.target, {
    signal: stop.signal,
    onConnect: () => stop.abort(reason),
  });
  const failing = assertRejects(() => sending, RangeError, reason.message);
  using conn = await listener.accept();
  assertEquals((await readAll(conn)).length, 0);
  await failing;
});

Deno.test("what onProgress rejects with late is thrown by sendRaw() all the same", async () => {
  using listener = listen();
  const late = Promise.withResolvers<void>();
  const cause = new RangeError("no screen");
  const { signal } = new AbortController();
  const sending = sendBytes(noise(1_000), listener.target, {
    signal,
    onProgress: () => late.promise,
  });
  const failing = assertRejects(() => sending, TransferError);
  using conn = await listener.accept();
  await readAll(conn);
  // From now on it lets go of the signal only when the connection is over.
  const over = Promise.withResolvers<void>();
  signal.removeEventListener = () => over.resolve();
  await conn.closeWrite();
  await over.promise;
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  late.reject(cause);
  assertEquals((await failing).cause, cause);
});

for (const name of ["onConnect", "onProgress"] as const) {
  Deno.test(`an abort ends the wait of sendRaw() for an ${name} that never settles`, async () => {
    using listener = listen();
    const stop = new AbortController();
    const sending = sendBytes(noise(1_000), listener.target, {
      signal: stop.signal,
      [name]: () => new Promise(() => {}),
    });
    using conn = await listener.accept();
    await readAll(conn);
    stop.abort(new RangeError("enough")); // before the peer's end
    await assertRejects(() => sending, RangeError, "enough");
  });
}

Deno.test("an abort ends the wait of sendRaw() for an onReply that never settles", async () => {
  using listener = listen();
  const stop = new AbortController();
  const heard = Promise.withResolvers<void>();
  const sending = sendBytes(noise(1_000), listener.target, {
    signal: stop.signal,
    drainTimeout: Infinity, // nothing else ends it
    onReply() {
      heard.resolve();
      return new Promise(() => {});
    },
  });
  using conn = await listener.accept();
  await readAll(conn);
  await conn.write(noise(10));
  await heard.promise;
  stop.abort(new RangeError("enough"));
  await assertRejects(() => sending, RangeError, "enough");
});
