import { assert, assertEquals } from "@std/assert";
import {
  networkOf,
  UnauthenticatedConns,
} from "../../lib/server/unauthenticated.ts";

Deno.test("UnauthenticatedConns takes no more of an address that has too many, and of others it does", () => {
  const conns = new UnauthenticatedConns({ ofOne: 2, inAll: 10 });
  const slots = [conns.enter("a", () => {}), conns.enter("a", () => {})];
  assertEquals(conns.enter("a", () => {}), undefined);
  assert(conns.enter("b", () => {}));
  slots[0]!.leave();
  slots[0]!.leave();
  assert(conns.enter("a", () => {}));
  assertEquals(conns.size, 3);
});

Deno.test("UnauthenticatedConns closes the oldest when there are too many in all", () => {
  const conns = new UnauthenticatedConns({ ofOne: 9, inAll: 3 });
  const closed: number[] = [];
  for (let number = 0; number < 5; number++) {
    assert(conns.enter(`host${number}`, () => closed.push(number)));
  }
  assertEquals([closed, conns.size], [[0, 1], 3]);
  while (conns.closeOldest());
  assertEquals([closed, conns.size], [[0, 1, 2, 3, 4], 0]);
});

Deno.test("unauthenticated connections of one address cannot keep out all others", () => {
  const conns = new UnauthenticatedConns();
  let flood = 0;
  while (conns.enter("192.0.2.1", () => {})) flood++;
  assert(conns.enter("192.0.2.2", () => {}));
  assert(flood > 0 && flood < 4_096);
});

Deno.test("UnauthenticatedConns counts none when all have left", () => {
  const conns = new UnauthenticatedConns();
  const slots = Array.from({ length: 100 }, () => conns.enter("a", () => {})!);
  for (const slot of slots) slot.leave();
  assertEquals(conns.size, 0);
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
