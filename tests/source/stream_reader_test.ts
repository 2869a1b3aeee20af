import { assert, assertEquals, assertRejects } from "@std/assert";
import { readerOf } from "../../lib/source/stream_reader.ts";
import { noise, readAll, rejectsWith } from "../support/helpers.ts";

const ONE = new Uint8Array(1);

/** A stream that gives a byte and then nothing, and what it is cancelled with. */
function silent() {
  const reasons: unknown[] = [];
  const stream = new ReadableStream<Uint8Array>({
    start: (it) => it.enqueue(noise(1)),
    cancel: (reason) => void reasons.push(reason),
  });
  return { stream, reasons };
}

Deno.test("readerOf() cuts and keeps chunks of any size, empty ones too", async () => {
  const all = noise(5000);
  const chunks = [0, 1, 0, 0, 2999, 2000, 0].values();
  async function* source(at = 0) {
    for (const length of chunks) {
      yield all.subarray(at, at += length);
      await Promise.resolve();
    }
  }
  assertEquals(await readAll(readerOf(source()), 700), all);
});

Deno.test("readerOf() is null again after its end, and passes an error", async () => {
  const reader = readerOf(ReadableStream.from([noise(1)]));
  await readAll(reader);
  assertEquals(await reader.read(new Uint8Array(1)), null);
  const failing = readerOf(
    new ReadableStream({ start: (it) => it.error(new RangeError("no")) }),
  );
  await assertRejects(() => failing.read(new Uint8Array(1)), RangeError);
});

Deno.test("release() cancels a stream with the reason, and it is free again", async () => {
  const { stream, reasons } = silent();
  const reader = readerOf(stream);
  await reader.read(ONE);
  assert(stream.locked);
  const reason = new RangeError("enough");
  reader.release(reason);
  assertEquals(reasons, [reason]);
  assert(!stream.locked);
  await stream.cancel(); // its owner may do that as well
});

Deno.test("release() gives a file back that is read as a stream", async () => {
  const file = await Deno.open(new URL(import.meta.url));
  const reader = readerOf(file.readable);
  await reader.read(ONE);
  reader.release();
  await assertRejects(() => file.stat(), Deno.errors.BadResource);
});

Deno.test("release() lets an iterable clean up", async () => {
  const cleaned = Promise.withResolvers<void>();
  async function* source() {
    try {
      yield noise(1);
      yield await Promise.resolve(noise(1));
    } finally {
      cleaned.resolve();
    }
  }
  const reader = readerOf(source());
  await reader.read(ONE);
  reader.release();
  await cleaned.promise;
});

Deno.test("release() ends a read that is pending, and no end of the source it is", async () => {
  async function* stuck() {
    yield await new Promise<Uint8Array>(() => {});
  }
  for (const source of [stuck(), new ReadableStream<Uint8Array>()]) {
    const reader = readerOf(source);
    const pending = assertRejects(
      () => reader.read(ONE),
      Error,
      "cancelled before its end",
    );
    reader.release();
    await pending;
  }
});

Deno.test("release() ends every later read, also of what has come already", async () => {
  async function* pieces() {
    yield await Promise.resolve(noise(9));
  }
  for (const source of [ReadableStream.from(pieces()), pieces()]) {
    const reader = readerOf(source);
    await reader.read(ONE);
    reader.release();
    await assertRejects(
      () => reader.read(ONE),
      Error,
      "cancelled before its end",
    );
  }
});

Deno.test("release() of a source that cannot clean up is nobody's failure", async () => {
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => Promise.reject(new Error("broken")),
    return: () => Promise.reject(new Error("broken")),
  };
  const stream = new ReadableStream<Uint8Array>({
    start: (it) => it.error(new Error("broken")),
  });
  for (const source of [{ [Symbol.asyncIterator]: () => iterator }, stream]) {
    const reader = readerOf(source);
    await assertRejects(() => reader.read(ONE), Error, "broken");
    reader.release();
    // Whatever nobody has caught is reported by the end of the turn.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
});

Deno.test("readerOf() leaves a stream to whoever reads it", async () => {
  const { stream, reasons } = silent();
  const reader = stream.getReader();
  const error = await rejectsWith(
    "source",
    async () => await readerOf(stream).read(ONE),
    "Cannot read the stream: it is locked",
  );
  assertEquals([error.retriable, reasons], [false, []]);
  assertEquals((await reader.read()).value, noise(1));
  await reader.cancel();
});
