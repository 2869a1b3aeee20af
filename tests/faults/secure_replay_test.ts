// Whoever recorded a conversation and sends it again: no nonce comes twice, so
// nothing that was said in it proves anything.

import { assert, assertEquals } from "@std/assert";
import { hangUp, readExactly, writeAll } from "../../lib/net/half_close.ts";
import { nonce } from "../../lib/security/auth_proof.ts";
import { Channel } from "../../lib/transfer/channel.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { NONCE_BYTES, PROOF_BYTES } from "../../lib/wire/frames.ts";
import {
  encodeKeyChallenge,
  KEY_CHALLENGE_BYTES,
} from "../../lib/wire/key_challenge.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { joined, noise } from "../support/helpers.ts";
import { connectedPair } from "../support/pairs.ts";
import { relay } from "../support/relay.ts";
import { failing, ID } from "../support/scripted.ts";
import {
  ENDING,
  healthy,
  KEY,
  KEYED,
  listening,
} from "../support/secure_keyed.ts";

Deno.test("a replayed key challenge is refused and never sees a ClientHello", async () => {
  const all = listening();
  await using _server = all.server;
  await using between = relay(all.target);
  await send(noise(9), between.target, { key: KEY, name: "once" });
  assertEquals(all.opened.splice(0), ["once"]);
  // TLS begins right behind the challenge of the conversation that was recorded.
  assertEquals(between.recorded("down")[KEY_CHALLENGE_BYTES], 0x16);
  const recorded = between.recorded("up")
    .subarray(0, KEY_CHALLENGE_BYTES + PROOF_BYTES);
  const conn = await Deno.connect(all.target);
  await writeAll(conn, recorded);
  const heard: Uint8Array[] = [];
  await hangUp(conn, ENDING, (piece) => heard.push(piece.slice()));
  const answer = joined(heard).subarray(KEY_CHALLENGE_BYTES);
  assertEquals(answer.subarray(0, PREFACE.length), PREFACE); // then the refusal
  await healthy(all);
});

Deno.test("no two key challenges have the same nonce, on either side", async () => {
  const all = listening();
  await using _server = all.server;
  const own = encodeKeyChallenge(nonce()); // one that repeats is answered alike
  const seen: string[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const conn = await Deno.connect(all.target);
    const theirs = new Uint8Array(KEY_CHALLENGE_BYTES);
    await writeAll(conn, own);
    assert(await readExactly(conn, theirs));
    seen.push(theirs.subarray(PREFACE.length).toHex());
    await hangUp(conn, ENDING);
  }
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  for (let turn = 0; turn < 3; turn++) {
    const sending = send(noise(1), { hostname, port }, { key: KEY });
    const failed = failing(sending);
    const conn = await listener.accept();
    const theirs = new Uint8Array(KEY_CHALLENGE_BYTES);
    assert(await readExactly(conn, theirs));
    seen.push(theirs.subarray(PREFACE.length).toHex());
    conn.close();
    assertEquals((await failed).code, "lost");
  }
  assertEquals(new Set(seen).size, 6);
});

Deno.test("no two connections have the same nonce in their proofs", async () => {
  const seen = new Set<string>();
  const secret = KEYED.proof, binding = new Uint8Array(32);
  for (const role of ["sender", "receiver", "sender", "receiver"] as const) {
    const [conn, peer] = await connectedPair();
    using channel = new Channel(conn, 5_000, {
      credentials: { role, secret, binding },
    });
    channel.sayHello(ID);
    await channel.finish();
    const heard: Uint8Array[] = [];
    await hangUp(peer, ENDING, (piece) => heard.push(piece.slice()));
    seen.add(joined(heard).slice(-NONCE_BYTES).toHex()); // NONCE comes last
  }
  assertEquals(seen.size, 4);
});
