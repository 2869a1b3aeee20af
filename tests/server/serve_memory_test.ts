// Large frames need large buffers, and all sessions of a server share the
// memory for those.

import { assert, assertEquals } from "@std/assert";
import { send } from "../../lib/transfer/sender/send.ts";
import { sealData } from "../../lib/wire/encoding.ts";
import { DATA_HEAD_BYTES } from "../../lib/wire/frames.ts";
import { noise } from "../support/helpers.ts";
import { open, Scripted } from "../support/scripted.ts";
import { listening, portOf } from "../support/serve_talk.ts";

/** Sessions whose large buffers 256 MiB has room for: two of 1 MiB each. */
const SESSIONS = 127;

/** Larger than the buffer that each connection has. */
const LARGE = 100_000;

Deno.test("a large frame waits where other sessions have the memory for large frames (9)", async () => {
  const { server, errors } = listening();
  await using _server = server;
  const port = portOf(server.addr);
  // All but the last byte of a frame: it is never whole.
  const frame = new Uint8Array(DATA_HEAD_BYTES + LARGE);
  sealData(frame, 0, 0);
  const stalled: Scripted[] = [];
  try {
    for (let count = 0; count < SESSIONS; count++) {
      const peer = new Scripted(await Deno.connect({ port }));
      stalled.push(peer);
      await peer.greet();
      await peer.hearHello();
      await peer.say(open(0, { name: `stalled${count}` }));
      await peer.hear("accept");
      await peer.sayBytes(frame.subarray(0, -1));
    }
    const small = async (name: string) =>
      assertEquals((await send(noise(10), server.addr, { name })).bytes, 10);
    for (let n = 0; n < 5; n++) await small(`before${n}`); // all have begun
    let delivered = false;
    const signal = AbortSignal.timeout(20_000); // where it waits for ever
    const large = send(noise(LARGE), server.addr, { name: "large", signal })
      .then(() => delivered = true);
    for (let n = 0; n < 5; n++) await small(`meanwhile${n}`);
    assert(!delivered, "it did not wait");
    stalled.pop()![Symbol.dispose]();
    assertEquals(await large, true);
  } finally {
    for (const peer of stalled) peer[Symbol.dispose]();
  }
  await server.shutdown();
  assertEquals(
    new Set(errors.map(({ error }) => error.code)),
    new Set(["lost"]),
  );
});
