// Unauthenticated peers that go on talking after they were refused.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { memorySink } from "../../../lib/sink/memory_sink.ts";
import { receiverHandshake } from "../../../lib/transfer/receiver/handshake.ts";
import { receive } from "../../../lib/transfer/receiver/receive.ts";
import { noise, utf8 } from "../../support/helpers.ts";
import { connectedPair } from "../../support/pairs.ts";
import { failing, Scripted } from "../../support/scripted.ts";

const MEGABYTE = noise(1_000_000);

/** A connection, and how much was read of it. */
function counted(conn: Duplex) {
  const under = {
    taken: 0,
    async read(into: Uint8Array) {
      const count = await conn.read(into);
      under.taken += count ?? 0;
      return count;
    },
    write: (bytes: Uint8Array) => conn.write(bytes),
    closeWrite: () => conn.closeWrite(),
    close: () => conn.close(),
  };
  return under;
}

/** Pushes bytes for as long as they are taken. */
function pushing(conn: Duplex): Promise<Error> {
  return assertRejects(async () => {
    for (;;) await conn.write(MEGABYTE);
  }, Error);
}

const BUSY = new TransferError("rejected", { doing: "take it", found: "busy" });

/** Who comes, up to the moment in which they are refused. */
const VISITS: [
  string,
  (ours: Deno.Conn, to: Duplex) => Promise<{ refused: Promise<unknown> }>,
][] = [
  ["does not speak the protocol", async (ours, to) => {
    const refused = failing(receive(to, memorySink()));
    await ours.write(utf8("POST / HTTP/1.1\r\n\r\n"));
    return { refused };
  }],
  ["came when there was no room", async (ours, to) => {
    const session = receiverHandshake(to);
    await new Scripted(ours).greet();
    return { refused: (await session).decline(BUSY) };
  }],
];

for (const [who, visit] of VISITS) {
  Deno.test(`who ${who} and talks on is cut off after a megabyte (9)`, async () => {
    const [ours, theirs] = await connectedPair();
    const under = counted(theirs);
    const { refused } = await visit(ours, under);
    await Promise.all([refused, pushing(ours)]);
    assert(under.taken < 1_200_000, `${under.taken} bytes were taken`);
    ours.close();
  });
}

Deno.test("an HTTP client that reads once its megabyte is sent still hears why", async () => {
  const [ours, theirs] = await connectedPair();
  using peer = new Scripted(ours);
  const outcome = failing(receive(theirs, memorySink()));
  const head = "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
  await peer.sayBytes(utf8(head));
  await peer.sayBytes(MEGABYTE);
  await peer.hearHello();
  assertEquals((await peer.hear("fail")).code, "protocol");
  assertEquals(await peer.end(), []);
  await outcome;
});
