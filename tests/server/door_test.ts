import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { Admission } from "../../lib/server/admission.ts";
import { Door } from "../../lib/server/door.ts";
import { UnauthenticatedConns } from "../../lib/server/unauthenticated.ts";
import { connectedPair } from "../support/pairs.ts";

Deno.test("Door gives back a stranger's place, then a session's", async () => {
  const [conn, peer] = await connectedPair();
  const admission = new Admission(1), lobby = new UnauthenticatedConns();
  const door = new Door(admission, conn);
  assertEquals([door.wait(lobby, "a"), lobby.size], [true, 1]);
  door.enter();
  assertEquals([lobby.size, door.stranger], [0, false]);
  const next = new Door(admission, peer);
  next.wait(lobby, "a");
  assertThrows(() => next.enter(), TransferError, "busy");
  next.leave();
  door.leave();
  assertEquals(lobby.size, 0);
  await admission.empty;
  door.close();
  next.close();
});

Deno.test("Door closes what the connection has become", async () => {
  const [conn, peer] = await connectedPair();
  const [tls, other] = await connectedPair();
  const lobby = new UnauthenticatedConns({ ofOne: 2, inAll: 1 });
  const door = new Door(new Admission(1), conn);
  door.wait(lobby, "a");
  door.becomes(tls);
  // The next one takes its place: it is dismissed.
  new Door(new Admission(1), peer).wait(lobby, "b");
  assertEquals(await other.read(new Uint8Array(1)), null);
  for (const one of [conn, peer, other]) one.close();
});
