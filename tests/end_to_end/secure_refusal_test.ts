// Who may refuse a sender with a key: anybody, in one fixed way, until the proofs.

import { assert, assertEquals } from "@std/assert";
import { type Code, OUTCOMES } from "../../lib/base/errors.ts";
import { hangUp, readExactly, writeAll } from "../../lib/net/half_close.ts";
import { nonce } from "../../lib/security/auth_proof.ts";
import { exchangeProofs } from "../../lib/security/exchange_proofs.ts";
import { senderKeyHandshake } from "../../lib/security/key_handshake.ts";
import { secureConnect } from "../../lib/security/secure_connect.ts";
import { FrameReader } from "../../lib/transfer/frame_reader.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import { type Frame, type Hello, SESSION } from "../../lib/wire/frames.ts";
import {
  encodeKeyChallenge,
  KEY_CHALLENGE_BYTES,
} from "../../lib/wire/key_challenge.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { joined, noise } from "../support/helpers.ts";
import { fail, failing, hello } from "../support/scripted.ts";
import { ENDING, KEY, KEYED, listening } from "../support/secure_keyed.ts";

/** Meets a sender as one who is in between can, without the key. */
async function posing(listener: Deno.Listener): Promise<Deno.TlsConn> {
  const conn = await listener.accept() as Deno.TcpConn;
  await readExactly(conn, new Uint8Array(KEY_CHALLENGE_BYTES));
  await writeAll(conn, encodeKeyChallenge(nonce()));
  await readExactly(conn, new Uint8Array(32));
  const { cert } = await KEYED.certificate(); // any TLS client could look away
  const tls = await Deno.startTls(conn, {
    hostname: "peer.halfclose.invalid",
    caCerts: [cert],
    alpnProtocols: ["halfclose/2"],
  });
  await tls.handshake();
  return tls;
}

/** What a sender with the key makes of somebody who says this inside TLS. */
async function told(...frames: Frame[]) {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  let retries = 0;
  const sending = failing(send(noise(9), { hostname, port }, {
    key: KEY,
    name: "a",
    retry: 3,
    onRetry: () => retries++,
  }));
  const tls = await posing(listener);
  const bytes = [PREFACE as Uint8Array, ...frames.map(encodeFrame)];
  // The sender may be gone before it has taken them all.
  await writeAll(tls, joined(bytes)).catch(({ code }) =>
    assertEquals(code, "lost")
  );
  const { code, retriable, message } = await sending;
  tls.close();
  return { code, retriable, retries, found: message.split(port + ": ")[1]! };
}

Deno.test("nobody without the key chooses what a refused sender says, nor its exit code", async () => {
  const before: Frame[][] = [
    [],
    [hello()],
    [hello(), { type: "nonce", nonce: nonce() }],
  ];
  const codes = Object.keys(OUTCOMES) as Code[];
  const refusals = await Promise.all(
    before.flatMap((frames) =>
      codes.map((code) => {
        const reason = "everything arrived safely";
        return told(
          ...frames,
          fail(SESSION, { code, reason, retriable: true }),
        );
      })
    ),
  );
  assertEquals(refusals.length, 45);
  for (const refusal of refusals) assertEquals(refusal, refusals[0]);
  const [{ found, ...rest }] = refusals as [typeof refusals[0]];
  assertEquals(rest, { code: "auth", retriable: false, retries: 0 });
  assert(/the same secret, or somebody is in between/.test(found), found);
});

Deno.test("a receiver that is busy says so after its proof: worth another try", async () => {
  const begun = Promise.withResolvers<void>();
  const all = listening({
    maxConnections: 1,
    onConnect: () => begun.resolve(),
  });
  await using _server = all.server;
  const end = Promise.withResolvers<void>();
  async function* slow() {
    await end.promise;
    yield noise(1);
  }
  const first = send(slow(), all.target, { key: KEY, name: "first" });
  await begun.promise;
  const error = await failing(
    send(noise(9), all.target, { key: KEY, name: "second" }),
  );
  assertEquals([error.code, error.retriable], ["rejected", true]);
  assert(/busy with 1 others/.test(error.message), error.message);
  end.resolve();
  await first;
});

Deno.test("a receiver that cannot talk to a sender with the key says why after its proof", async () => {
  const all = listening();
  await using _server = all.server;
  const options = { connectTimeout: 5_000 };
  const { conn, credentials } = await secureConnect(all.target, options, {
    handshake: (conn) => senderKeyHandshake(conn, KEYED),
  });
  const own = { hello: hello({ required: 1 }), nonce: nonce() };
  const say = (frame: Frame) => writeAll(conn, encodeFrame(frame));
  await writeAll(conn, PREFACE as Uint8Array);
  await say(own.hello);
  await say({ type: "nonce", nonce: own.nonce });
  const reader = new FrameReader((into) => conn.read(into));
  await reader.preface();
  const theirs = await reader.next() as Hello;
  await exchangeProofs(credentials!, theirs, {
    // Throws for anything but the receiver's PROOF.
    hear: async (type) => {
      const frame = await reader.next();
      assertEquals<string | undefined>(frame?.type, type);
      return frame as never;
    },
    say,
    greet: () => own,
  });
  const refusal = await reader.next();
  assert(refusal?.type === "fail" && refusal.entry === SESSION);
  assertEquals(refusal.code, "protocol");
  await hangUp(conn, ENDING);
  assertEquals(all.opened, []);
});
