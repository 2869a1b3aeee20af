import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { writeAll } from "../../lib/net/half_close.ts";
import {
  KEY_CERTIFICATE_NAME,
  keyCertificateOf,
} from "../../lib/security/key_certificate.ts";
import { tlsClientEnd, tlsServerEnd } from "../../lib/security/tls.ts";
import { ended, Running } from "../support/children.ts";
import { noise, utf8 } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import { connectedPair, unixPair } from "../support/pairs.ts";

const RIGHT = await keyCertificateOf(new Uint8Array(32).fill(1));
const WRONG = await keyCertificateOf(new Uint8Array(32).fill(2));

for (
  const [kind, pair] of [["TCP", connectedPair], ["Unix", unixPair]] as const
) {
  Deno.test(`both ends of TLS on a ${kind} connection, half-closed in turn`, async () => {
    const [near, far] = await pair();
    const [client, server] = await Promise.all([
      tlsClientEnd(near, { hostname: KEY_CERTIFICATE_NAME, ca: [RIGHT.cert] }),
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
      () =>
        tlsClientEnd(near, {
          hostname: KEY_CERTIFICATE_NAME,
          ca: [RIGHT.cert],
        }),
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
      hostname: KEY_CERTIFICATE_NAME,
      caCerts: [RIGHT.cert],
      alpnProtocols: ["halfclose/2"],
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

needs(
  ["openssl"],
  "a TLS server takes no version below 1.3, whoever asks",
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener.addr;
    for (const [version, taken] of [["tls1_2", false], ["tls1_3", true]]) {
      await using client = new Running(
        "openssl",
        `s_client -${version} -alpn halfclose/2 -brief -connect`
          .split(" ").concat(`${hostname}:${port}`),
      );
      const serving = tlsServerEnd(await listener.accept(), RIGHT)
        .then((conn) => conn.close(), (error) => error);
      const [error, { stderr: said }] = await Promise.all([
        serving,
        ended(client),
      ]);
      assertEquals(/Protocol version: TLSv1/.test(said), taken, said);
      assertEquals(error?.code, taken ? undefined : "auth", said);
    }
  },
);

Deno.test("a TLS server that speaks something else inside is no certificate problem: protocol", async () => {
  for (const alpnProtocols of [["http/1.1"], []]) {
    const { cert, key } = RIGHT;
    const options = { hostname: "127.0.0.1", port: 0, cert, key };
    using listener = Deno.listenTls({ ...options, alpnProtocols });
    const { hostname, port } = listener.addr as Deno.NetAddr;
    const conn = await Deno.connect({ hostname, port });
    const trust = { hostname: KEY_CERTIFICATE_NAME, ca: [RIGHT.cert] };
    const connecting = assertRejects(
      () => tlsClientEnd(conn, trust),
      TransferError,
      "the peer does not speak halfclose/2 inside TLS",
    );
    using server = await listener.accept();
    await server.handshake().catch((error) => assert(error instanceof Error));
    assertEquals((await connecting).code, "protocol");
  }
});
