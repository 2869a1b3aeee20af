import { assertEquals } from "@std/assert";
import type { TransferError } from "../../lib/base/errors.ts";
import { sendRaw } from "../../lib/raw/send_raw.ts";
import { Admission } from "../../lib/server/admission.ts";
import { ConnectionHandler } from "../../lib/server/handle_connection.ts";
import { Session, type SessionInfo } from "../../lib/server/sessions.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { noise, rejectsWith } from "../support/helpers.ts";

const NEVER = new AbortController().signal;

/** One connection, and what became of it. */
function handled(raw: boolean, max: number) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sink = memorySink();
  const session = new Session(7, "somebody");
  const heard: SessionInfo[] = [];
  const options = {
    sink,
    raw,
    onConnect: (info: SessionInfo) => heard.push(info),
  };
  const handler = new ConnectionHandler(options, undefined, NEVER, () => {});
  const { hostname, port } = listener.addr;
  const go = raw ? sendRaw : send;
  const sending = go(noise(10), { hostname, port }, { name: "a", retry: 0 });
  const sent = sending.then(() => "sent", (error: TransferError) => error.code);
  const taking = (async () => {
    const conn = await listener.accept();
    listener.close();
    const accepted = new Admission(max).accept(conn, "somebody")!;
    return await handler.handle(conn, session, accepted);
  })();
  taking.catch(() => {}); // each test looks at it
  return { sink, session, heard, sent, taking };
}

for (
  const [kind, raw] of [["a session", false], ["a raw stream", true]] as const
) {
  Deno.test(`ConnectionHandler takes ${kind}, and says with whom and how far it is`, async () => {
    const { sink, session, heard, sent, taking } = handled(raw, 1);
    const report = await taking;
    assertEquals(report?.bytes, raw ? 10 : undefined);
    assertEquals(await sent, "sent");
    assertEquals(heard, [{ id: 7, peer: "somebody" }]);
    if (raw) assertEquals(session.progress?.bytes, 10);
    assertEquals(sink.files.get(raw ? "stdin" : "a"), noise(10));
  });

  Deno.test(`ConnectionHandler takes ${kind} only where there is room`, async () => {
    const { sink, heard, sent, taking } = handled(raw, 0);
    await rejectsWith("rejected", () => taking, "busy");
    // A plain sender hears a clean end or a reset, and neither is a receipt.
    if (!raw) assertEquals(await sent, "rejected");
    await sent;
    assertEquals([sink.files.size, heard], [0, []]);
  });
}
