import { assertEquals } from "@std/assert";
import type { TransferError } from "../../lib/base/errors.ts";
import { sendRaw } from "../../lib/raw/send_raw.ts";
import { Admission } from "../../lib/server/admission.ts";
import { Door } from "../../lib/server/door.ts";
import { ConnectionHandler } from "../../lib/server/handle_connection.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { noise, rejectsWith } from "../support/helpers.ts";

const NEVER = new AbortController().signal;

/** One visitor, and what became of it. */
function visited(raw: boolean, max: number) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sink = memorySink();
  const heard: string[] = [];
  const options = {
    sink,
    raw,
    onConnect: ({ peer }: { peer: string }) => heard.push(peer),
  };
  const visits = new ConnectionHandler(options, undefined, NEVER, () => {});
  const { hostname, port } = listener.addr;
  const go = raw ? sendRaw : send;
  const sending = go(noise(10), { hostname, port }, { name: "a", retry: 0 });
  const sent = sending.then(() => "sent", (error: TransferError) => error.code);
  const taking = (async () => {
    const conn = await listener.accept();
    listener.close();
    const door = new Door(new Admission(max), conn);
    return await visits.hold(conn, { peer: "somebody" }, door);
  })();
  taking.catch(() => {}); // each test looks at it
  return { sink, heard, sent, taking };
}

for (
  const [kind, raw] of [["a session", false], ["a raw stream", true]] as const
) {
  Deno.test(`ConnectionHandler takes ${kind}, and says who it is with`, async () => {
    const { sink, heard, sent, taking } = visited(raw, 1);
    const report = await taking;
    assertEquals(report?.bytes, raw ? 10 : undefined);
    assertEquals([await sent, heard], ["sent", ["somebody"]]);
    assertEquals(sink.files.get(raw ? "stdin" : "a"), noise(10));
  });

  Deno.test(`ConnectionHandler takes ${kind} only where there is room`, async () => {
    const { sink, heard, sent, taking } = visited(raw, 0);
    await rejectsWith("rejected", () => taking, "busy");
    // A plain sender hears a clean end or a reset, and neither is a receipt.
    if (!raw) assertEquals(await sent, "rejected");
    await sent;
    assertEquals([sink.files.size, heard], [0, []]);
  });
}
