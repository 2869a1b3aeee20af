import { assertEquals } from "@std/assert";
import { type ByteWriter, streamSink } from "../../lib/sink/stream_sink.ts";
import { noise, rejectsWith } from "../support/helpers.ts";

/** Takes a few bytes at a time and keeps them. */
function collector(): ByteWriter & { bytes: number[] } {
  const bytes: number[] = [];
  return {
    bytes,
    write(piece) {
      const part = piece.subarray(0, 7);
      bytes.push(...part);
      return Promise.resolve(part.length);
    },
  };
}

Deno.test("streamSink() passes every byte on, also after partial writes", async () => {
  const to = collector();
  const draft = await streamSink(to).open({ kind: "file", name: "any/name" });
  await draft.write(noise(100));
  assertEquals(Uint8Array.from(to.bytes), noise(100)); // before any commit
  await draft.write(noise(20));
  assertEquals(await draft.commit(), {
    name: "any/name",
    durable: false,
    existing: false,
  });
  await draft.abort();
  assertEquals(to.bytes.length, 120);
});

Deno.test("streamSink() takes one file and no directory", async () => {
  const sink = streamSink(collector());
  const directory = { kind: "directory", name: "d" } as const;
  await rejectsWith("rejected", () => sink.open(directory));
  await sink.open({ kind: "file", name: "a" });
  await rejectsWith("rejected", () => sink.open({ kind: "file", name: "b" }));
});

Deno.test("streamSink() gives a transfer that comes back no final answer (8)", async () => {
  const sink = streamSink(collector());
  const file = (name: string) => ({ kind: "file", name }) as const;
  await sink.open(file("a"), "transfer");
  for (
    const [name, transfer, retriable] of [
      ["a", "transfer", true],
      ["b", "transfer", false],
      ["a", "another", false],
      ["a", undefined, false],
    ] as const
  ) {
    const error = await rejectsWith(
      "rejected",
      () => sink.open(file(name), transfer),
    );
    assertEquals(error.retriable, retriable);
  }
});

Deno.test("streamSink() rejects with local-io when its reader is gone", async () => {
  const gone = () => Promise.reject(new Deno.errors.BrokenPipe("Broken pipe"));
  const sink = streamSink({ write: gone });
  const draft = await sink.open({ kind: "file", name: "a" });
  const error = await rejectsWith("local-io", () => draft.write(noise(1)));
  assertEquals(error.message, "Cannot write to the stream: Broken pipe");
});

Deno.test("streamSink() rejects with local-io when there is no space left", async () => {
  // What the runtime throws for ENOSPC: no class of its own, only the text.
  const full = new Error("No space left on device (os error 28)");
  const sink = streamSink({ write: () => Promise.reject(full) });
  const draft = await sink.open({ kind: "file", name: "a" });
  const error = await rejectsWith("local-io", () => draft.write(noise(1)));
  assertEquals(
    error.message,
    "Cannot write to the stream: No space left on device",
  );
});

Deno.test("streamSink() does not wait for a stream that takes nothing", async () => {
  const draft = await streamSink({ write: () => Promise.resolve(0) })
    .open({ kind: "file", name: "a" });
  await rejectsWith("local-io", () => draft.write(noise(1)), "takes nothing");
});
