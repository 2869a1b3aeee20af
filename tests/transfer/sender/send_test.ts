import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import type { Progress } from "../../../lib/model/progress.ts";
import { serve } from "../../../lib/server/serve.ts";
import { memorySink } from "../../../lib/sink/memory_sink.ts";
import { bytesItem, type Source } from "../../../lib/source/item.ts";
import { send, sendAll, transfer } from "../../../lib/transfer/sender/send.ts";
import { SESSION } from "../../../lib/wire/frames.ts";
import { tempDir } from "../../support/helpers.ts";
import { accept, failing, playing } from "../../support/scripted.ts";
import { attempt, BYTES, delivers } from "../../support/send_stage.ts";
import { watchedSink } from "../../support/sinks.ts";

async function* pieces() {
  yield BYTES.subarray(0, 1);
  yield new Uint8Array(0);
  yield BYTES.subarray(1, 600);
  yield BYTES.subarray(600);
}

const SOURCES: [string, () => Source][] = [
  ["bytes", () => BYTES],
  ["a stream", () => ReadableStream.from(pieces())],
  ["an iterable", pieces],
  ["a reader", () => {
    let at = 0;
    return {
      read(into) {
        const piece = BYTES.subarray(at, at + Math.min(7, into.length));
        into.set(piece);
        at += piece.length;
        return Promise.resolve(piece.length || null);
      },
    };
  }],
];

for (const [what, source] of SOURCES) {
  Deno.test(`send() delivers ${what} and returns the receipt`, async () => {
    const sink = memorySink();
    await using server = serve({ sink });
    const { bytes, name, durable } = await send(source(), server.addr, {
      name: "d/a",
    });
    assertEquals([bytes, name, durable], [1_000, "d/a", false]);
    assertEquals(sink.files.get("d/a"), BYTES);
  });
}

Deno.test("send() takes a path and gives it the path's last name", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a.bin`, BYTES);
  const sink = memorySink();
  await using server = serve({ sink });
  assertEquals(
    (await send(`${dir.path}/a.bin`, server.addr)).name,
    "a.bin",
  );
  assertEquals(sink.files.get("a.bin"), BYTES);
});

Deno.test("send() calls a source without a name stdin", async () => {
  await using server = serve({ sink: memorySink() });
  assertEquals((await send(BYTES, server.addr)).name, "stdin");
});

Deno.test("send() takes no directory", async () => {
  await using dir = await tempDir();
  await using server = serve({ sink: memorySink() });
  assertEquals((await failing(send(dir.path, server.addr))).code, "usage");
});

Deno.test("send() takes no file whose name no receiver takes, unless it is given another", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/line\nbreak`;
  await Deno.writeFile(path, BYTES);
  await using server = serve({ sink: memorySink() });
  for (const skipUnsendable of [false, true]) {
    const error = await failing(send(path, server.addr, { skipUnsendable }));
    assertEquals([error.code, error.message], [
      "source",
      'Cannot send "line\\u{a}break": its name holds a control character; ' +
      "give it another one",
    ]);
  }
  assertEquals((await send(path, server.addr, { name: "a" })).name, "a");
});

Deno.test("transfer() takes no two entries of one name, and says so before it connects", async () => {
  const item = bytesItem(BYTES, { kind: "file", name: "gpj.\u{202e}a" });
  const nowhere = { hostname: "127.0.0.1", port: 1 };
  const error = await failing(transfer([item, item], nowhere, {}));
  assertEquals([error.code, error.message], [
    "usage",
    'Cannot send two entries under one name: "gpj.\\u{202e}a"',
  ]);
});

Deno.test("sendAll() refuses what it cannot find before it connects", async () => {
  const nowhere = { hostname: "127.0.0.1", port: 1 };
  const error = await failing(sendAll(["/there/is/none"], nowhere));
  assertEquals([error.code, error.message], [
    "source",
    'Cannot send "/there/is/none": there is no such file or directory',
  ]);
});

Deno.test("send() says where nobody listens", async () => {
  await using stage = playing(delivers);
  const { port } = stage.target;
  await attempt(stage.target); // from now on nobody listens there
  const error = await failing(attempt(stage.target));
  assertEquals([error.code, error.message], [
    "connect",
    `Cannot deliver "a" to 127.0.0.1:${port}: nobody listens there ` +
    "(connection refused)",
  ]);
});

Deno.test("a connection that broke before the end says what was confirmed", async () => {
  await using stage = playing(async (peer) => {
    await peer.hear("open");
    await peer.say(accept(0));
    const alive = { type: "alive", entry: 0, phase: "receiving" } as const;
    await peer.say({ ...alive, bytes: 123 });
    await peer.hear("data"); // and END is not heard
  });
  const endless = {
    read: (into: Uint8Array) => Promise.resolve(into.length),
  };
  const error = await failing(send(endless, stage.target, { name: "a" }));
  assertEquals(error.code, "lost");
  const { message } = error;
  assert(message.startsWith('Cannot deliver "a" to 127.0.0.1:'), message);
  assert(message.includes("; it had confirmed 123 B"), message);
});

Deno.test("single entries that fail leave the others delivered, and are all named", async () => {
  await using dir = await tempDir();
  const paths = ["a", "b", "c"].map((name) => `${dir.path}/${name}`);
  for (const path of paths) await Deno.writeFile(path, BYTES);
  const sink = watchedSink({
    open(entry) {
      if (entry.name === "b") return;
      throw new TransferError("rejected", {
        doing: "take it",
        found: "not this one",
      });
    },
  });
  await using server = serve({ sink });
  const heard: string[] = [];
  const error = await failing(sendAll(paths, server.addr, {
    onReceipt: ({ name }) => heard.push(name),
  }));
  assertEquals(heard, ["b"]);
  assertEquals(error.code, "rejected");
  assert(error.message.startsWith("Cannot deliver 2 of 3 entries to "));
  assertEquals(error.errors.map(({ message }) => message), [
    'Cannot deliver "a": not this one',
    'Cannot deliver "c": not this one',
  ]);
});

Deno.test("progress knows the total of sizes, and none where one is unknown", async () => {
  for (const [source, total] of [[BYTES, 1_000], [pieces(), undefined]]) {
    await using server = serve({ sink: memorySink() });
    const heard: Progress[] = [];
    await send(source as Source, server.addr, {
      name: "a",
      onProgress: (one) => heard.push(one),
    });
    assertEquals(heard.at(-1)?.bytes, 1_000);
    assert(heard.every((one) => one.total === total));
  }
});

Deno.test("an abort rejects with the signal's own reason, before and while it is sent", async () => {
  const reason = new RangeError("enough");
  const early = attempt({ hostname: "127.0.0.1", port: 1 }, {
    signal: AbortSignal.abort(reason),
  });
  assertEquals(await early.catch((error) => error), reason);
  const stop = new AbortController();
  await using stage = playing(async (peer) => {
    await peer.hear("open");
    stop.abort(reason);
    assertEquals((await peer.hear("fail")).entry, SESSION);
    await peer.end();
  });
  const late = attempt(stage.target, { signal: stop.signal, retry: 5 });
  assertEquals(await late.catch((error) => error), reason);
});

Deno.test("sendAll() of nothing is no success, and connects to nobody", async () => {
  const error = await assertRejects(
    () => sendAll([], { hostname: "127.0.0.1", port: 1 }),
    TransferError,
    "nothing is left to send",
  );
  assertEquals(error.code, "source");
});

for (const name of ["onConnect", "onProgress", "onReceipt"] as const) {
  Deno.test(`an abort ends the wait of send() for an ${name} that never settles`, async () => {
    const sink = memorySink();
    await using server = serve({ sink });
    const stop = new AbortController();
    const delivered = Promise.withResolvers<void>();
    const receipt = send(BYTES, server.addr, {
      name: "a",
      signal: stop.signal,
      onReceipt: () => delivered.resolve(),
      [name]: () => {
        if (name !== "onConnect") delivered.resolve();
        return new Promise(() => {});
      },
    });
    await delivered.promise;
    await server.shutdown(); // the session is over
    stop.abort();
    assertEquals((await receipt).bytes, BYTES.length); // that is no less true
  });
}

Deno.test("an abort of send() waits for no callback, and is the reason", async () => {
  await using server = serve({ sink: memorySink() });
  const stop = new AbortController();
  const reason = new RangeError("enough");
  const sending = send(BYTES, server.addr, {
    signal: stop.signal,
    onConnect() {
      stop.abort(reason);
      return new Promise(() => {});
    },
  });
  await assertRejects(() => sending, RangeError, "enough");
});
