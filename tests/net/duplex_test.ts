import { assertEquals } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { halfClose, readSome, writeSome } from "../../lib/net/duplex.ts";
import { readExactly, writeAll } from "../../lib/net/half_close.ts";
import { rejectsWith, utf8 } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import { certificate, connectedPair } from "../support/pairs.ts";

Deno.test("readSome() gives what is there, then null at the end", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn;
  await writeAll(peer, utf8("hi"));
  peer.close();
  const buffer = new Uint8Array(100);
  assertEquals(await readSome(conn, buffer), 2);
  assertEquals(buffer.subarray(0, 2), utf8("hi"));
  assertEquals(await readSome(conn, buffer), null);
});

Deno.test("writeSome() says how much the kernel took", async () => {
  const conn = { write: () => Promise.resolve(3) };
  assertEquals(await writeSome(conn, new Uint8Array(10)), 3);
});

Deno.test("halfClose() ends one direction only", async () => {
  const [conn, peer] = await connectedPair();
  using _conn = conn, _peer = peer;
  await halfClose(conn);
  assertEquals(await readSome(peer, new Uint8Array(1)), null);
  await writeAll(peer, new Uint8Array(1));
  assertEquals(await readSome(conn, new Uint8Array(1)), 1);
  await rejectsWith(
    "lost",
    () => writeAll(conn, new Uint8Array(1)),
    "Cannot write to the peer",
  );
});

Deno.test("halfClose() rejects with lost on a closed connection", async () => {
  const [conn, peer] = await connectedPair();
  using _peer = peer;
  conn.close();
  await rejectsWith(
    "lost",
    () => halfClose(conn),
    "Cannot end the sending side: the connection was closed on this side",
  );
});

needs(
  ["openssl"],
  "readSome() rejects with lost when TLS is cut without its end mark",
  async () => {
    const { cert, key } = await certificate();
    const local = { hostname: "127.0.0.1", port: 0 };
    using listener = Deno.listenTls({ ...local, cert, key });
    using outside = Deno.listen(local);
    const [plain, front, inside, server] = await Promise.all([
      Deno.connect({ hostname: "127.0.0.1", port: outside.addr.port }),
      outside.accept(),
      Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
      listener.accept(),
    ]);
    // Somebody in the middle, who ends what he did not begin.
    const passing = [pass(front, inside), pass(inside, front)];
    using client = await Deno.startTls(plain, {
      hostname: "localhost",
      caCerts: [cert],
    });
    await Promise.all([client.handshake(), server.handshake()]);
    await writeAll(server, utf8("half of it"));
    assertEquals(await readExactly(client, new Uint8Array(10)), true);
    front.close();
    await rejectsWith(
      "lost",
      () => readSome(client, new Uint8Array(1)),
      "the encrypted connection was cut without its end mark",
    );
    inside.close();
    await Promise.all(passing);
    server.close();
  },
);

async function pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (let count; (count = await from.read(buffer)) !== null;) {
      await writeAll(to, buffer.subarray(0, count));
    }
  } catch (error) {
    // One of the two was closed: that is the end of passing.
    if (
      !(error instanceof TransferError ||
        error instanceof Deno.errors.Interrupted ||
        error instanceof Deno.errors.BadResource)
    ) throw error;
  }
}
