import { assertEquals } from "@std/assert";
import { readExactly } from "../../lib/net/half_close.ts";
import { Pushback } from "../../lib/net/pushback.ts";
import { utf8 } from "../support/helpers.ts";
import { connectedPair } from "../support/pairs.ts";

Deno.test("Pushback gives back what was read, then goes on with the connection", async () => {
  const [conn, peer] = await connectedPair();
  await peer.write(utf8("lo"));
  await peer.closeWrite();
  const whole = new Pushback(conn, utf8("hel"));
  const bytes = new Uint8Array(2);
  assertEquals(await whole.read(bytes), 2);
  assertEquals(bytes, utf8("he"));
  const rest = new Uint8Array(3);
  assertEquals(await readExactly(whole, rest), true);
  assertEquals(rest, utf8("llo"));
  assertEquals(await whole.read(bytes), null);
  await whole.write(utf8("bye"));
  await whole.closeWrite();
  assertEquals(await peer.read(rest), 3);
  assertEquals(await peer.read(rest), null);
  whole.close();
  peer.close();
});
