import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { writeAll } from "../../lib/net/half_close.ts";
import {
  IDENTITY_NAME,
  keyCertificateOf,
} from "../../lib/security/key_certificate.ts";
import {
  refusedTls,
  tlsClientEnd,
  tlsServerEnd,
} from "../../lib/security/tls.ts";
import { noise, utf8 } from "../support/helpers.ts";
import { connectedPair, unixPair } from "../support/pairs.ts";

const RIGHT = await keyCertificateOf(new Uint8Array(32).fill(1));
const WRONG = await keyCertificateOf(new Uint8Array(32).fill(2));

for (
  const [kind, pair] of [["TCP", connectedPair], ["Unix", unixPair]] as const
) {
  Deno.test(`both ends of TLS on a ${kind} connection, half-closed in turn`, async () => {
    const [near, far] = await pair();
    const [client, server] = await Promise.all([
      tlsClientEnd(near, { hostname: IDENTITY_NAME, ca: [RIGHT.cert] }),
      tlsServerEnd(far, RIGHT),
    ]);
    assertEquals(client.hash, RIGHT.hash, "the certificate that was shown");
    const bytes = noise(500_000);
    const sending = (async () => {
      await writeAll(client.conn, bytes);
      await client.conn.closeWrite();
    })();
    let heard = 0;
    const buffer = new Uint8Array(65_536);
    for (let count; (count = await server.read(buffer)) !== null;) {
      heard += count;
    }
    await sending;
    assertEquals(heard, bytes.length);
    await writeAll(server, utf8("late")); // the other direction is open still
    await server.closeWrite();
    assertEquals(await client.conn.read(buffer), 4);
    assertEquals(await client.conn.read(buffer), null);
    client.conn.close();
    server.close();
  });
}

Deno.test("a certificate that is not the expected one is refused on both sides: auth", async () => {
  const [near, far] = await connectedPair();
  const [client, server] = await Promise.all([
    assertRejects(
      () => tlsClientEnd(near, { hostname: IDENTITY_NAME, ca: [RIGHT.cert] }),
      TransferError,
    ),
    assertRejects(() => tlsServerEnd(far, WRONG), TransferError),
  ]);
  assertEquals(client.code, "auth");
  assert(["auth", "lost"].includes(server.code));
});

Deno.test("a peer that leaves in the handshake is lost, one that speaks no TLS is refused", async () => {
  const [near, far] = await connectedPair();
  const serving = assertRejects(() => tlsServerEnd(far, RIGHT), TransferError);
  near.close();
  assertEquals((await serving).code, "lost");
  const [one, other] = await connectedPair();
  const refused = assertRejects(
    () => tlsServerEnd(other, RIGHT),
    TransferError,
  );
  await one.write(utf8("GET / HTTP/1.1\r\n\r\n"));
  const error = await refused;
  assertEquals(error.code, "protocol");
  assert(error.message.includes("does not speak TLS"), error.message);
  one.close();
});

Deno.test("a cut after the handshake, without close_notify, is an end that proves nothing", async () => {
  const [near, far] = await connectedPair();
  const [client, server] = await Promise.all([
    Deno.startTls(near, {
      hostname: IDENTITY_NAME,
      caCerts: [RIGHT.cert],
      alpnProtocols: ["halfclose/1"],
    }),
    tlsServerEnd(far, RIGHT),
  ]);
  await client.handshake();
  far.close(); // below TLS: a FIN and no close_notify
  await assertRejects(
    () => client.read(new Uint8Array(1)),
    Deno.errors.UnexpectedEof,
  );
  client.close();
  server.close();
});

Deno.test("refusedTls() tells a broken connection, a wrong certificate and another protocol apart", () => {
  const cases = [
    [new Error("received corrupt message of type InvalidMessage"), "protocol"],
    [new Error("received fatal alert: NoApplicationProtocol"), "protocol"],
    [new Error("peer doesn't support any known protocol"), "protocol"],
    [new Deno.errors.InvalidData("invalid peer certificate: Expired"), "auth"],
    [new Deno.errors.UnexpectedEof("eof"), "lost"],
    [new Deno.errors.ConnectionReset("reset"), "lost"],
    [Object.assign(new Error("read"), { code: "ECONNRESET" }), "lost"],
  ] as const;
  for (const [cause, code] of cases) assertEquals(refusedTls(cause).code, code);
  const bad = refusedTls(new Deno.errors.InvalidData("BadSignature"));
  assert(bad.message.includes("somebody may be in between"));
});

Deno.test("refusedTls() advises who looked at the certificate, not who showed it", () => {
  const advice = "another one would do";
  const seen = refusedTls(new Error("self-signed certificate"), advice);
  assert(seen.message.includes("trusted here (another one would do), or is"));
  for (const alert of ["UnknownCA", "DecryptError", "BadCertificate"]) {
    const shown = refusedTls(new Error(`received fatal alert: ${alert}`));
    assert(shown.message.includes("the other side does not trust"), alert);
    assertEquals(shown.code, "auth");
  }
});

Deno.test("a TLS server that speaks something else inside is no certificate problem: protocol", async () => {
  for (const alpnProtocols of [["http/1.1"], []]) {
    const { cert, key } = RIGHT;
    const options = { hostname: "127.0.0.1", port: 0, cert, key };
    using listener = Deno.listenTls({ ...options, alpnProtocols });
    const { hostname, port } = listener.addr as Deno.NetAddr;
    const conn = await Deno.connect({ hostname, port });
    const trust = { hostname: IDENTITY_NAME, ca: [RIGHT.cert] };
    const connecting = assertRejects(
      () => tlsClientEnd(conn, trust),
      TransferError,
      "something else inside TLS",
    );
    using server = await listener.accept();
    await server.handshake().catch((error) => assert(error instanceof Error));
    assertEquals((await connecting).code, "protocol");
  }
});

/** Counts what is read of a connection. */
function counted(conn: Duplex): Duplex & { taken: number } {
  return {
    taken: 0,
    async read(into) {
      const count = await conn.read(into);
      this.taken += count ?? 0;
      return count;
    },
    write: (bytes) => conn.write(bytes),
    closeWrite: () => conn.closeWrite(),
    close: () => conn.close(),
  };
}

for (const part of ["server", "client"] as const) {
  Deno.test(`TLS's ${part} takes no more than is read of it (9)`, async () => {
    const [near, far] = await connectedPair();
    const under = counted(far);
    const trust = { hostname: IDENTITY_NAME, ca: [RIGHT.cert] };
    const [theirs, ours] = part === "server"
      ? await Promise.all([
        tlsClientEnd(near, trust).then(({ conn }) => conn),
        tlsServerEnd(under, RIGHT),
      ])
      : await Promise.all([
        tlsServerEnd(near, RIGHT),
        tlsClientEnd(under, trust).then(({ conn }) => conn),
      ]);
    const bytes = noise(30_000_000); // more than all buffers in between hold
    const sending = (async () => {
      await writeAll(theirs, bytes);
      await theirs.closeWrite();
    })();
    const buffer = new Uint8Array(1_000);
    let heard = 0;
    for (let turn = 0; turn < 200; turn++) {
      heard += (await ours.read(buffer))!;
      await new Promise((resolve) => setTimeout(resolve, 0));
      const ahead = under.taken - heard;
      assert(ahead < 500_000, `${ahead} bytes wait to be read`);
    }
    const rest = new Uint8Array(65_536);
    for (let count; (count = await ours.read(rest)) !== null;) heard += count;
    await sending;
    assertEquals(heard, bytes.length);
    ours.close();
    theirs.close();
  });
}
