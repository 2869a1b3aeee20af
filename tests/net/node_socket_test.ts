import { assert, assertEquals, assertRejects } from "@std/assert";
import { once } from "node:events";
import { connect } from "node:net";
import { TransferError } from "../../lib/base/errors.ts";
import { withDeadline } from "../../lib/net/deadline.ts";
import {
  drain,
  hangUp,
  readExactly,
  writeAll,
} from "../../lib/net/half_close.ts";
import { NodeSocketConn } from "../../lib/net/node_socket.ts";
import { noise, utf8 } from "../support/helpers.ts";

const BOUNDS = { silence: 10_000, total: 10_000 };

/** A socket as a connection, and who accepted it. */
async function pair(): Promise<[NodeSocketConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname: host, port } = listener.addr;
  const socket = connect({ host, port, allowHalfOpen: true });
  const [peer] = await Promise.all([
    listener.accept(),
    once(socket, "connect"),
  ]);
  return [new NodeSocketConn(socket), peer];
}

Deno.test("NodeSocketConn writes all, half-closes, and reads to the end", async () => {
  const [conn, peer] = await pair();
  const bytes = noise(3_000_000);
  const sending = (async () => {
    await writeAll(conn, bytes);
    return await hangUp(conn, BOUNDS);
  })();
  const heard = new Uint8Array(bytes.length);
  assertEquals(await readExactly(peer, heard), true);
  assertEquals(heard, bytes);
  assertEquals(await peer.read(new Uint8Array(1)), null);
  await writeAll(peer, noise(70_000)); // the other direction is open still
  peer.close();
  assertEquals(await sending, 70_000);
});

Deno.test("NodeSocketConn gives back what was read too much of", async () => {
  const [conn, peer] = await pair();
  await peer.write(utf8("hello"));
  const first = new Uint8Array(1), rest = new Uint8Array(5);
  assertEquals(await readExactly(conn, first), true);
  conn.unread(first);
  assertEquals(await readExactly(conn, rest), true);
  assertEquals(rest, utf8("hello"));
  conn.close();
  peer.close();
});

Deno.test("closing a NodeSocketConn frees a read that waits, as a deadline needs it", async () => {
  const [conn, peer] = await pair();
  const error = await assertRejects(
    () =>
      withDeadline(
        conn,
        20,
        "read",
        () => readExactly(conn, new Uint8Array(1)),
      ),
    TransferError,
  );
  assertEquals(error.code, "stalled");
  assertEquals(await peer.read(new Uint8Array(1)), null);
  peer.close();
});

Deno.test("a NodeSocketConn whose peer has gone says lost", async () => {
  const [conn, peer] = await pair();
  await writeAll(conn, noise(10));
  peer.close(); // with ten bytes unread: a reset
  const error = await assertRejects(async () => {
    await drain(conn, BOUNDS);
    for (let count = 0; count < 100; count++) await writeAll(conn, noise(1e6));
  }, TransferError);
  assertEquals(error.code, "lost");
  conn.close();
  conn.close();
});

Deno.test("a released NodeSocketConn is still closed by close(), and ends at once", async () => {
  const [conn, peer] = await pair();
  await peer.write(utf8("x"));
  const first = new Uint8Array(1);
  await readExactly(conn, first);
  conn.unread(first);
  const socket = conn.release();
  assertEquals(new Uint8Array(socket.read()), utf8("x"));
  await assertRejects(() => hangUp(conn, BOUNDS), TransferError);
  assert(socket.destroyed);
  assertEquals(await peer.read(first), null);
  peer.close();
});
