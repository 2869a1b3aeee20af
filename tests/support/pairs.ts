/**
 * Connections in pairs: both ends of one, in one test.
 *
 * @module
 */

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { run } from "./children.ts";
import { tempDir } from "./helpers.ts";

/** Two ends of one TCP connection: who connected, who accepted. */
export async function connectedPair(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  return await Promise.all([
    Deno.connect({ hostname, port }),
    listener.accept(),
  ]);
}

/**
 * One end of a TCP connection, and how the other end resets it.
 *
 * `close()` with unread data in it is no way to provoke a reset: Deno shuts the
 * sending side down first, so that the peer may see a clean end before the RST.
 */
export async function resettablePair(): Promise<
  [Deno.TcpConn, () => Promise<void>]
> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const [socket] = await accepted;
  return [conn, async () => {
    socket.resetAndDestroy();
    await new Promise((resolve) => server.close(resolve));
  }];
}

/** Two ends of one Unix socket: who connected, who accepted. */
export async function unixPair(): Promise<[Deno.UnixConn, Deno.UnixConn]> {
  await using dir = await tempDir();
  const at = { transport: "unix", path: `${dir.path}/socket` } as const;
  using listener = Deno.listen(at);
  return await Promise.all([Deno.connect(at), listener.accept()]);
}

/** Two ends of one TLS connection after the handshake. Needs `openssl`. */
export async function tlsPair(): Promise<[Deno.TlsConn, Deno.TlsConn]> {
  const { cert, key } = await certificate();
  using listener = Deno.listenTls({
    hostname: "127.0.0.1",
    port: 0,
    cert,
    key,
  });
  const { hostname, port } = listener.addr;
  const [plain, server] = await Promise.all([
    Deno.connect({ hostname, port }),
    listener.accept(),
  ]);
  const client = await Deno.startTls(plain, {
    hostname: "localhost",
    caCerts: [cert],
  });
  await Promise.all([client.handshake(), server.handshake()]);
  return [client, server];
}

let made: Promise<{ cert: string; key: string }> | undefined;

/** A certificate for localhost that vouches for itself, one for all tests. */
export function certificate(): Promise<{ cert: string; key: string }> {
  return made ??= makeCertificate();
}

async function makeCertificate(): Promise<{ cert: string; key: string }> {
  await using dir = await tempDir();
  const [cert, key] = [`${dir.path}/cert.pem`, `${dir.path}/key.pem`];
  // CA:FALSE because rustls takes no authority's certificate for a server's.
  await run(
    "openssl",
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
      .split(" "),
    ...["-days", "2", "-subj", "/CN=localhost", "-out", cert, "-keyout", key],
    ...["-addext", "subjectAltName=DNS:localhost"],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
  );
  return {
    cert: await Deno.readTextFile(cert),
    key: await Deno.readTextFile(key),
  };
}
