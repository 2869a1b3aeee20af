// Those who have the key are taken at their word no more than anybody else.

import { assert, assertEquals } from "@std/assert";
import { receiverKeyHandshake } from "../../lib/security/key_handshake.ts";
import { bytesItem } from "../../lib/source/item.ts";
import { Channel } from "../../lib/transfer/channel.ts";
import { send, transfer } from "../../lib/transfer/sender/send.ts";
import { noise } from "../support/helpers.ts";
import { accept, failing, receipt } from "../support/scripted.ts";
import { ENDING, KEY, KEYED, listening } from "../support/secure_keyed.ts";

Deno.test("a receiver with the key that lies about a delivery is not believed", async () => {
  for (
    const lie of [
      { digest: new Uint8Array(32) },
      { length: 4 },
      { id: new Uint8Array(16) },
    ]
  ) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener.addr;
    const target = { hostname, port };
    const sending = failing(send(noise(5), target, { key: KEY, name: "a" }));
    const { conn, credentials } = await receiverKeyHandshake(
      await listener.accept(),
      KEYED,
      () => {},
    );
    using channel = new Channel(conn, 5_000, { credentials });
    const hello = await channel.hearHello();
    assert(hello);
    const open = await channel.hear();
    assertEquals(open?.type, "open");
    channel.say(accept(0));
    for (let frame; (frame = await channel.hear());) {
      if (frame.type !== "end") continue;
      channel.say(receipt(0, noise(5), { id: hello.id, name: "a", ...lie }));
      break;
    }
    await channel.hangUp(ENDING);
    // Everything was sent, and no receipt that is valid came back.
    assertEquals((await sending).code, "unconfirmed");
  }
});

Deno.test("a sender with the key is held to names and sizes like any other", async () => {
  const all = listening({ maxSize: 1_000 });
  await using _server = all.server;
  const bad = ["../x", "/etc/passwd", "a/../../b", "a\\b", "CON", "a\0b", "."];
  for (const name of bad) {
    // send() would not even ask for such a name.
    const item = bytesItem(noise(1), { kind: "file", name });
    const sending = transfer([item], all.target, { key: KEY });
    assertEquals((await failing(sending)).code, "rejected", name);
  }
  const large = send(noise(1_001), all.target, { key: KEY, name: "large" });
  assertEquals((await failing(large)).code, "rejected");
  async function* endless() {
    for (;;) yield noise(500);
  }
  const flood = send(endless(), all.target, { key: KEY, name: "flood" });
  assertEquals((await failing(flood)).code, "rejected");
  assertEquals(all.sink.files.size, 0);
});
