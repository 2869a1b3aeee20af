// Both sides say ALIVE while they work, and a small ALIVE always fits into the
// local kernel. So taken writes prove nothing: a peer that has stopped is the
// one that is not heard from, however often it is written to.

import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { closeQuietly } from "../../lib/net/deadline.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { Channel } from "../../lib/transfer/channel.ts";
import { receive } from "../../lib/transfer/receiver/receive.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { ID_BYTES } from "../../lib/wire/frames.ts";

/** Longer than a few heartbeats, so that they are among what is written. */
const IDLE_MS = 700;

Deno.test("send() stalls on a receiver that greets and then goes mute", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const greeting = listener.accept().then(async (conn) => {
    const channel = new Channel(conn, 60_000);
    const hello = await channel.hearHello();
    channel.sayHello(hello!.id);
    await channel.flush();
    return channel;
  });
  const { hostname, port } = listener.addr;
  const error = await assertRejects(
    () => send(new Uint8Array(5), { hostname, port }, { idleTimeout: IDLE_MS }),
    TransferError,
  );
  assertEquals(error.code, "stalled");
  (await greeting).close();
});

Deno.test("receive() stalls on a sender that greets and then goes mute", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conn = await Deno.connect({ port: listener.addr.port });
  const sender = new Channel(conn, 60_000);
  sender.sayHello(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
  const accepted = await listener.accept();
  const error = await assertRejects(
    () => receive(accepted, memorySink(), { idleTimeout: IDLE_MS }),
    TransferError,
  );
  assertEquals(error.code, "stalled");
  closeQuietly(conn);
  sender.close();
});
