import { assert, assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { withDeadline } from "../../lib/net/deadline.ts";
import { Admission } from "../../lib/server/admission.ts";
import { UnauthenticatedConns } from "../../lib/server/unauthenticated.ts";
import { connectedPair } from "../support/pairs.ts";

Deno.test("Admission takes so many sessions, and asks the next to come again", () => {
  const admission = new Admission(2);
  admission.enter();
  admission.enter();
  const error = assertThrows(() => admission.enter(), TransferError, "busy");
  assertEquals([error.code, error.retriable], ["rejected", true]);
  admission.leave();
  admission.enter();
});

Deno.test("Admission admits no session once it is closed", () => {
  const admission = new Admission(2);
  admission.close();
  const error = assertThrows(
    () => admission.enter(),
    TransferError,
    "stopping",
  );
  assertEquals([error.code, error.retriable], ["rejected", true]);
});

Deno.test("Admission is empty when the last session has left", async () => {
  const admission = new Admission(2);
  await admission.empty;
  admission.enter();
  admission.enter();
  let left = 0;
  const leftWhenEmpty = admission.empty.then(() => left);
  while (left < 2) {
    left++;
    admission.leave();
    await null; // whoever waits goes on
  }
  assertEquals(await leftWhenEmpty, 2);
});

Deno.test("an accepted connection gives back its slot when it is admitted, then its session", async () => {
  const [conn, peer] = await connectedPair();
  const admission = new Admission(1), { unauthenticated } = admission;
  const accepted = admission.accept(conn, "a")!;
  assertEquals([unauthenticated.size, accepted.admitted], [1, false]);
  accepted.admit();
  assertEquals([unauthenticated.size, accepted.admitted], [0, true]);
  const next = admission.accept(peer, "a")!;
  assertThrows(() => next.admit(), TransferError, "busy");
  next.end();
  accepted.end();
  accepted.end();
  assertEquals([unauthenticated.size, accepted.admitted], [0, false]);
  await admission.empty;
  admission.enter(); // one, and not two that were given back
  assertThrows(() => admission.enter(), TransferError, "busy");
});

Deno.test("an unauthenticated connection whose slot is needed is closed as what replaced it", async () => {
  const [conn, peer] = await connectedPair();
  const [tls, other] = await connectedPair();
  const conns = new UnauthenticatedConns({ ofOne: 2, inAll: 1 });
  const admission = new Admission(1, conns);
  admission.accept(conn, "a")!.replace(tls);
  assert(admission.accept(peer, "b"));
  const read = () => other.read(new Uint8Array(1));
  assertEquals(await withDeadline(other, 5_000, "see its end", read), null);
  for (const one of [conn, peer, other]) one.close();
});

Deno.test("a connection of an address that has too many is closed at once", async () => {
  const [conn, peer] = await connectedPair();
  const conns = new UnauthenticatedConns({ ofOne: 0 });
  assertEquals(new Admission(1, conns).accept(conn, "a"), undefined);
  assertEquals(await peer.read(new Uint8Array(1)), null);
  peer.close();
});
