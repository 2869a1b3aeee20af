// Extensions that no side knows, put into every frame with room for one by
// somebody on the way: those that need not be understood change nothing, and
// those that must be end the transfer.

import { assert, assertEquals } from "@std/assert";
import { type Code, TransferError } from "../../lib/base/errors.ts";
import { writeAll } from "../../lib/net/half_close.ts";
import { serve } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { FrameReader } from "../../lib/transfer/frame_reader.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import type { Extension } from "../../lib/wire/extensions.ts";
import type { Frame } from "../../lib/wire/frames.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { noise } from "../support/helpers.ts";
import { failing } from "../support/scripted.ts";

const BYTES = noise(100_000);

/** Reads frames from one side, changes them, and writes them to the other. */
async function pass(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  change: (frame: Frame) => Frame,
): Promise<void> {
  const reader = new FrameReader((into) => from.read(into));
  try {
    if (!await reader.preface()) return;
    await writeAll(to, PREFACE as Uint8Array);
    for (let frame; (frame = await reader.next()) !== null;) {
      await writeAll(to, encodeFrame(change(frame)));
    }
    await to.closeWrite();
  } catch (error) {
    // One side has closed the connection, after what it had to say.
    const closed = error instanceof TransferError && error.code === "lost";
    if (!closed && !isCut(error)) throw error;
  }
}

function isCut(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.NotConnected;
}

/** Sends a file past somebody who changes frames. */
async function sendPast(
  up: (frame: Frame) => Frame,
  down: (frame: Frame) => Frame,
) {
  const memory = memorySink();
  const entries: unknown[] = [];
  const open: typeof memory.open = (entry, ...more) => {
    entries.push(entry);
    return memory.open(entry, ...more);
  };
  await using server = serve({ sink: { open }, onError: () => {} });
  assert("port" in server.addr);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const far = server.addr;
  const between = (async () => {
    using near = await listener.accept();
    using there = await Deno.connect(far);
    await Promise.all([pass(near, there, up), pass(there, near, down)]);
  })();
  const { hostname, port } = listener.addr;
  const sending = send(BYTES, { hostname, port }, { name: "a" });
  const [outcome] = await Promise.allSettled([sending, between]);
  return { outcome, files: memory.files, entries };
}

/** Adds an extension to every frame that has room for one. */
function adding(extension: Extension, seen: Set<string>) {
  return (frame: Frame): Frame => {
    switch (frame.type) {
      case "hello":
      case "open":
      case "accept":
      case "end":
      case "receipt":
        seen.add(frame.type);
        return { ...frame, extensions: [extension] };
      default:
        return frame;
    }
  };
}

const EXTENSION = { number: 0x1234, critical: false, value: noise(900) };

Deno.test("extensions that need not be understood go through a whole transfer unnoticed", async () => {
  const seen = new Set<string>();
  const change = adding(EXTENSION, seen);
  const { outcome, files, entries } = await sendPast(change, change);
  assert(outcome.status === "fulfilled", JSON.stringify(outcome));
  assertEquals(files.get("a"), BYTES);
  assertEquals([...seen].sort(), ["accept", "end", "hello", "open", "receipt"]);
  // A sink is told of the entry, and of nothing that only the wire knows.
  assertEquals(entries, [{ kind: "file", name: "a", size: BYTES.length }]);
});

/** Who is told what where an extension must be understood. */
const CRITICAL: [Frame["type"], "up" | "down", Code][] = [
  ["hello", "up", "protocol"],
  ["hello", "down", "protocol"],
  ["open", "up", "protocol"],
  ["accept", "down", "protocol"],
  ["end", "up", "protocol"],
  ["receipt", "down", "unconfirmed"], // the receiver has it by then
];

for (const [type, way, code] of CRITICAL) {
  const who = way === "up" ? "the receiver" : "the sender";
  Deno.test(`${who} refuses a ${type.toUpperCase()} with an extension that must be understood`, async () => {
    const critical = adding({ ...EXTENSION, critical: true }, new Set());
    const change = (frame: Frame) =>
      frame.type === type ? critical(frame) : frame;
    const as = (frame: Frame) => frame;
    const { outcome, files } = way === "up"
      ? await sendPast(change, as)
      : await sendPast(as, change);
    assert(outcome.status === "rejected");
    const error = await failing(Promise.reject(outcome.reason));
    assertEquals(error.code, code, error.message);
    const found = "its extension 4660 must be understood";
    assert(error.message.includes(found), error.message);
    assertEquals(files.size, type === "receipt" ? 1 : 0);
  });
}
