// A receiver with a certificate for its name, and a key or a token inside.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { generateKey } from "../../lib/security/key.ts";
import type { ServeOptions } from "../../lib/server/options.ts";
import { serve } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { send, type SendOptions } from "../../lib/transfer/sender/send.ts";
import { run } from "../support/children.ts";
import { noise, tempDir } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import { certificate } from "../support/pairs.ts";
import { failing } from "../support/scripted.ts";

const KEY = generateKey(), TOKEN = "a token of some length";

/** A receiver for localhost with a token, and what it said. */
async function listening(options: Partial<ServeOptions> = {}) {
  const tls = await certificate();
  const sink = memorySink();
  const errors: TransferError[] = [];
  const server = serve({
    sink,
    tls,
    token: TOKEN,
    onError: (error) => errors.push(error),
    ...options,
  });
  const trusted = { ca: [tls.cert], hostname: "localhost" };
  return { server, sink, errors, trusted };
}

for (const size of [0, 1, 65_536, 3_000_000]) {
  needs(
    ["openssl"],
    `${size} bytes pass through TLS to a name, with a token`,
    async () => {
      const { server, sink, trusted } = await listening();
      await using _server = server;
      const bytes = noise(size);
      const options = { token: TOKEN, tls: trusted, name: "a" };
      const receipt = await send(bytes, server.addr, options);
      assertEquals(receipt.bytes, size);
      assertEquals(sink.files.get("a"), bytes);
    },
  );
}

needs(
  ["openssl"],
  "a key does as well as a token, and the name can be the host's",
  async () => {
    const { server, sink, trusted } = await listening({
      token: undefined!,
      key: KEY,
    });
    await using _server = server;
    assert("port" in server.addr);
    const target = { hostname: "localhost", port: server.addr.port };
    await send(noise(9), target, {
      key: KEY,
      tls: { ca: trusted.ca },
      name: "a",
    });
    assertEquals(sink.files.size, 1);
  },
);

needs(
  ["openssl"],
  "who is wrong about name, authority or secret is told: auth",
  async () => {
    const { server, sink, trusted } = await listening();
    await using _server = server;
    const wrong: [SendOptions, RegExp][] = [
      [
        { tls: trusted, token: "another token of length" },
        /the same secret, or somebody is in between/,
      ],
      [{ tls: trusted, key: KEY }, /the same secret, or somebody is/],
      [
        { tls: { hostname: "localhost" }, token: TOKEN },
        /not signed by an authority that is trusted here \(--ca PATH names another\)/,
      ],
      [
        { tls: { ...trusted, hostname: "elsewhere" }, token: TOKEN },
        /elsewhere/,
      ],
      [{ tls: { ca: trusted.ca }, token: TOKEN }, /127\.0\.0\.1/],
      [{}, /takes only what comes through TLS/],
      [{ key: KEY }, /started without a key; .*with --tls/],
    ];
    await Promise.all(wrong.map(async ([options, told]) => {
      const error = await failing(send(noise(3), server.addr, options));
      assertEquals(error.code, "auth", error.message);
      assert(told.test(error.message), error.message);
    }));
    assertEquals(sink.files.size, 0);
  },
);

needs(
  ["openssl"],
  "a sender that wants TLS gets nothing less: protocol",
  async () => {
    const { cert } = await certificate();
    for (const options of [{}, { key: KEY }]) {
      await using server = serve({ sink: memorySink(), ...options });
      const tls = { ca: [cert], hostname: "localhost" };
      const error = await failing(
        send(noise(3), server.addr, { tls, token: TOKEN }),
      );
      assertEquals(error.code, "protocol", error.message);
      assert(/does not speak TLS/.test(error.message), error.message);
    }
  },
);

needs(
  ["openssl"],
  "a refusal passes through TLS while a large file is on its way",
  async () => {
    const { server, trusted } = await listening({ maxSize: 100_000 });
    await using _server = server;
    async function* large() {
      for (let count = 0; count < 100; count++) yield noise(100_000);
    }
    const options = { token: TOKEN, tls: trusted, name: "large" };
    const error = await failing(send(large(), server.addr, options));
    assertEquals(error.code, "rejected", error.message);
  },
);

/** A certificate for localhost that was good in 2001. */
async function expiredCertificate() {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ]);
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    notBefore: new Date("2001-01-01"),
    notAfter: new Date("2001-12-31"),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: "localhost" },
      ]),
    ],
  }, crypto);
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    cert: cert.toString("pem"),
    key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"),
  };
}

needs(
  ["openssl"],
  "serve() throws usage for a certificate or a key that is none",
  async () => {
    const good = await certificate();
    const other = await expiredCertificate();
    for (
      const [tls, found] of [
        [{ cert: "no PEM", key: good.key }, "must be PEM"],
        [{ cert: good.cert, key: "no PEM" }, "must be PEM"],
        [{ cert: good.cert, key: other.key }, "key does not belong to it"],
      ] as const
    ) {
      const error = assertThrows(
        () => serve({ sink: memorySink(), tls, token: TOKEN }),
        TransferError,
        found,
      );
      assertEquals(error.code, "usage", error.message);
    }
  },
);

Deno.test("a certificate that has expired is told, with this clock's time", async () => {
  const tls = await expiredCertificate();
  // A receiver does not even begin with it.
  const error = assertThrows(
    () => serve({ sink: memorySink(), tls, token: TOKEN }),
    TransferError,
  );
  assertEquals(error.code, "usage");
  assert(/valid from .*2001.* clock says \d{4}-/.test(error.message));
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...tls });
  const { hostname, port } = listener.addr as Deno.NetAddr;
  const sending = failing(send(noise(3), { hostname, port }, {
    token: TOKEN,
    tls: { ca: [tls.cert], hostname: "localhost" },
  }));
  using conn = await listener.accept();
  await assertRejects(() => conn.handshake(), Error, "CertificateExpired");
  const told = await sending;
  assertEquals(told.code, "auth");
  assert(/not valid.*clock says \d{4}-/.test(told.message), told.message);
});

needs(
  ["openssl"],
  "a relay with a certificate of its own for the same name is found out",
  async () => {
    // As if an authority had been talked into a second certificate.
    const { server, sink } = await listening();
    await using _server = server;
    await using dir = await tempDir();
    const path = (name: string) => `${dir.path}/${name}`;
    await run(
      "openssl",
      ...["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2"],
      ...[
        "-subj",
        "/CN=localhost",
        "-out",
        path("cert"),
        "-keyout",
        path("key"),
      ],
      ...["-addext", "subjectAltName=DNS:localhost"],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
    );
    const cert = await Deno.readTextFile(path("cert"));
    const key = await Deno.readTextFile(path("key"));
    using listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert,
      key,
      alpnProtocols: ["halfclose/2"],
    });
    const relaying = (async () => {
      const near = await listener.accept();
      const right = await certificate();
      assert("port" in server.addr);
      const far = await Deno.startTls(
        await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port }),
        {
          hostname: "localhost",
          caCerts: [right.cert],
          alpnProtocols: ["halfclose/2"],
        },
      );
      const pump = async (from: Deno.Conn, to: Deno.Conn) => {
        const buffer = new Uint8Array(65_536);
        try {
          for (let count; (count = await from.read(buffer)) !== null;) {
            await to.write(buffer.subarray(0, count));
          }
          await to.closeWrite();
        } catch (error) {
          assert(error instanceof Error); // the ends give up as they like
        }
      };
      await Promise.all([pump(near, far), pump(far, near)]);
      near.close();
      far.close();
    })();
    const { hostname, port } = listener.addr as Deno.NetAddr;
    const error = await failing(send(noise(3), { hostname, port }, {
      token: TOKEN,
      tls: { ca: [cert], hostname: "localhost" },
    }));
    assertEquals(error.code, "auth", error.message);
    await relaying;
    assertEquals(sink.files.size, 0);
  },
);
