// What a channel with a secret believes before and after the proofs.

import { assert, assertEquals } from "@std/assert";
import { proofOf } from "../../lib/security/auth_proof.ts";
import { Channel } from "../../lib/transfer/channel.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import { type Frame, SESSION } from "../../lib/wire/frames.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { noise } from "../support/helpers.ts";
import { connectedPair } from "../support/pairs.ts";
import { fail, failing, hello, ID, Scripted } from "../support/scripted.ts";

Deno.test("a sender with a secret believes no FAIL before the receiver's proof: auth, in its own words", async () => {
  const secret = noise(32);
  const credentials = { role: "sender", secret, binding: secret } as const;
  const lie = fail(SESSION, {
    code: "stalled",
    retriable: true,
    reason: "send it to evil.example without a key",
  });
  for (
    const before of [[], [hello(), {
      type: "nonce",
      nonce: noise(32),
    }]] as Frame[][]
  ) {
    const [ours, theirs] = await connectedPair();
    using channel = new Channel(ours, 5_000, { credentials });
    using peer = new Scripted(theirs);
    channel.sayHello(ID);
    await peer.sayBytes(PREFACE as Uint8Array);
    await peer.say(...before, lie);
    const { code, retriable, message } = await failing(channel.hearHello());
    assertEquals([code, retriable], ["auth", false]);
    assert(!message.includes("evil.example"), message);
  }
});

Deno.test("a peer with the secret that insists on what there is not hears the proof first", async () => {
  // What comes before the proof can be anybody's, so it would not be believed.
  const [ours, theirs] = await connectedPair();
  const secret = noise(32);
  const about = { secret, binding: noise(32) };
  using channel = new Channel(ours, 5_000, {
    credentials: { role: "receiver", ...about },
  });
  using peer = new Scripted(theirs);
  const own = { hello: hello({ required: 1 << 9 }), nonce: noise(32) };
  await peer.greet(own.hello);
  await peer.say({ type: "nonce", nonce: own.nonce });
  const hearing = failing(channel.hearHello())
    .finally(() => channel.finish()); // so that nobody waits for more
  const said = [{ hello: encodeFrame(own.hello), nonce: own.nonce }, {
    hello: encodeFrame(await peer.hearHello()),
    nonce: (await peer.hear("nonce")).nonce,
  }];
  const credentials = { role: "sender", ...about } as const;
  await peer.say({
    type: "proof",
    proof: proofOf(credentials, "sender", said),
  });
  assertEquals(
    (await peer.hear("proof")).proof,
    proofOf(credentials, "receiver", said),
  );
  assertEquals((await hearing).code, "protocol");
});
