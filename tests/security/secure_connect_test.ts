import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { hkdfSync } from "node:crypto";
import { TransferError } from "../../lib/base/errors.ts";
import type { Target } from "../../lib/net/address.ts";
import { generateKey, parseKey } from "../../lib/security/key.ts";
import { receiverGuard, senderGuard } from "../../lib/security/mod.ts";
import { secureConnect } from "../../lib/security/secure_connect.ts";
import { FakeTime } from "../support/fake_time.ts";
import { freePort } from "../support/free_port.ts";
import { rejectsWith, tempDir } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import { certificate } from "../support/pairs.ts";

const PATIENCE = { connectTimeout: 10_000 };
const KEY = generateKey();
const GUARD = senderGuard({ key: KEY });

Deno.test("secureConnect() says connect in the same words with a key and without", async () => {
  await using dir = await tempDir();
  const targets: Target[] = [
    { hostname: "127.0.0.1", port: freePort() },
    { transport: "unix", path: `${dir.path}/none` },
  ];
  for (const target of targets) {
    const [one, other] = await Promise.all(
      [undefined, GUARD].map((guard) =>
        assertRejects(
          () => secureConnect(target, PATIENCE, guard),
          TransferError,
        )
      ),
    );
    assertEquals([one!.code, one!.message], [other!.code, other!.message]);
    assertEquals(one!.code, "connect");
  }
});

Deno.test("secureConnect() refuses what can be no address, with a key and without", async () => {
  for (const guard of [undefined, GUARD]) {
    for (
      const target of [
        { hostname: "user@host", port: 9 },
        { hostname: "127.0.0.1", port: 70_000 },
      ]
    ) {
      await rejectsWith("usage", () => secureConnect(target, PATIENCE, guard));
    }
  }
});

Deno.test("secureConnect() says lost when the receiver leaves in the middle of the agreement", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const reaching = assertRejects(
    () => secureConnect({ hostname, port }, PATIENCE, GUARD),
    TransferError,
  );
  const conn = await listener.accept();
  await conn.read(new Uint8Array(100));
  conn.close();
  assertEquals((await reaching).code, "lost");
});

Deno.test("secureConnect() gives a receiver that does not answer ten seconds for the agreement (7)", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  using time = new FakeTime();
  const reaching = rejectsWith(
    "stalled",
    () => secureConnect({ hostname, port }, PATIENCE, GUARD),
    "Cannot agree with the receiver: ",
  );
  using conn = await listener.accept();
  assertEquals(await conn.read(new Uint8Array(100)), 40);
  await time.until(reaching);
  assert(time.passed >= 10_000 && time.passed < 13_000, `${time.passed} ms`);
});

Deno.test("secureConnect() rejects with the signal's reason and leaves nothing open", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const [stop, reason] = [new AbortController(), new RangeError("no")];
  const options = { ...PATIENCE, signal: stop.signal };
  const reaching = assertRejects(
    () => secureConnect({ hostname, port }, options, GUARD),
    RangeError,
  );
  const conn = await listener.accept();
  const bytes = new Uint8Array(100);
  assertEquals(await conn.read(bytes), 40);
  stop.abort(reason);
  assertStrictEquals(await reaching, reason);
  assertEquals(await conn.read(bytes), null);
  conn.close();
  await assertRejects(
    () => secureConnect({ hostname, port }, options, GUARD),
    RangeError,
  );
});

needs(
  ["openssl"],
  "what is proven inside TLS is derived from the key for that alone (RFC 5869)",
  async () => {
    const tls = await certificate();
    const trusted = { ca: [tls.cert], hostname: "localhost" };
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener.addr;
    const [sender, receiver] = await Promise.all([
      secureConnect(
        { hostname, port },
        PATIENCE,
        senderGuard({ key: KEY, tls: trusted }),
      ),
      listener.accept().then((conn) =>
        receiverGuard({ key: KEY, tls })!.handshake(conn, () => {})
      ),
    ]);
    const secret = hkdfSync(
      "sha256",
      parseKey(KEY),
      new Uint8Array(0),
      "halfclose 2 proof",
      32,
    );
    for (const { conn, credentials } of [sender, receiver]) {
      assertEquals(credentials?.secret, new Uint8Array(secret));
      conn.close();
    }
  },
);
