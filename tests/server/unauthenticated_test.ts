import { assert, assertEquals } from "@std/assert";
import {
  networkOf,
  UnauthenticatedConns,
} from "../../lib/server/unauthenticated.ts";

Deno.test("UnauthenticatedConns turns away an address that has too many, and no other", () => {
  const lobby = new UnauthenticatedConns({ ofOne: 2, inAll: 10 });
  const places = [lobby.enter("a", () => {}), lobby.enter("a", () => {})];
  assertEquals(lobby.enter("a", () => {}), undefined);
  assert(lobby.enter("b", () => {}));
  places[0]!.leave();
  places[0]!.leave();
  assert(lobby.enter("a", () => {}));
  assertEquals(lobby.size, 3);
});

Deno.test("UnauthenticatedConns dismisses who has waited longest when it is full", () => {
  const lobby = new UnauthenticatedConns({ ofOne: 9, inAll: 3 });
  const dismissed: number[] = [];
  for (let number = 0; number < 5; number++) {
    assert(lobby.enter(`host${number}`, () => dismissed.push(number)));
  }
  assertEquals([dismissed, lobby.size], [[0, 1], 3]);
  while (lobby.dismissFirst());
  assertEquals([dismissed, lobby.size], [[0, 1, 2, 3, 4], 0]);
});

Deno.test("one address cannot keep all others out before it has said who it is", () => {
  const lobby = new UnauthenticatedConns();
  let flood = 0;
  while (lobby.enter("192.0.2.1", () => {})) flood++;
  assert(lobby.enter("192.0.2.2", () => {}));
  assert(flood > 0 && flood < 4_096);
});

Deno.test("UnauthenticatedConns is empty again when all have left", () => {
  const lobby = new UnauthenticatedConns();
  const places = Array.from({ length: 100 }, () => lobby.enter("a", () => {})!);
  for (const place of places) place.leave();
  assertEquals(lobby.size, 0);
});

Deno.test("networkOf() takes what one party owns for one", () => {
  for (
    const [address, network] of [
      ["192.0.2.1", "192.0.2.1"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
      ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
      ["2001:db8::1", "2001:db8:0:0::/64"],
      ["fe80::1%eth0", "fe80:0:0:0::/64"],
      ["::1", "0:0:0:0::/64"],
      ["", ""],
    ] as const
  ) assertEquals(networkOf(address), network);
});
