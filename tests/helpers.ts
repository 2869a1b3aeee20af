/**
 * What many tests need: connections in pairs, bytes in print, directories that
 * go away again.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { crc32 } from "node:zlib";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type Code, TransferError } from "../lib/errors.ts";

/** A directory for one test; removed with all that is in it. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/** Makes an empty directory: `await using dir = await tempDir();` */
export async function tempDir(): Promise<TempDir> {
  // The real path, so that a test can compare what the system says about it.
  const path = await Deno.realPath(await Deno.makeTempDir());
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/**
 * Lists all that is below a directory, in order; a directory ends in `/`, a
 * symbolic link in `@`.
 */
export async function tree(root: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(`${root}/${below}`)) {
    const name = below + entry.name;
    found.push(name + (entry.isDirectory ? "/" : entry.isSymlink ? "@" : ""));
    if (entry.isDirectory) found.push(...await tree(root, `${name}/`));
  }
  return found.sort();
}

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

/**
 * Runs a program to its end.
 *
 * @returns What it printed.
 * @throws {Error} When it fails, with what it said about it.
 */
export async function run(
  program: string,
  ...args: string[]
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args })
    .output();
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(`${program} failed: ${decoder.decode(stderr)}`);
  }
  return decoder.decode(stdout);
}

/**
 * Reads an annotated hexdump, a template over several lines: two digits a
 * byte, and what follows a `#` is for people.
 */
export function hex(dump: string): Uint8Array<ArrayBuffer> {
  const digits = dump.replace(/#.*$/gm, "").replace(/\s+/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`Not hex: ${digits}`);
  return Uint8Array.from(
    digits.match(/../g) ?? [],
    (pair) => parseInt(pair, 16),
  );
}

/** The UTF-8 of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** So many bytes, the same at every call and without a short period. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  let state = 0x9e3779b9;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x6d2b79f5 | 0;
    return state >>> 24;
  });
}

/** The pieces as one. */
export function joined(pieces: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> {
  const all = [...pieces];
  const result = new Uint8Array(all.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const piece of all) {
    result.set(piece, at);
    at += piece.length;
  }
  return result;
}

/**
 * Puts both checks of a frame right, so that a test can break something else.
 *
 * @param frame Header and payload; changed in place.
 * @returns The same bytes.
 */
export function sealed<T extends Uint8Array>(frame: T): T {
  const view = new DataView(frame.buffer, frame.byteOffset);
  const head = crc32(frame.subarray(4, 12), crc32(frame.subarray(0, 2)));
  view.setUint16(2, head & 0xffff);
  view.setUint32(12, crc32(frame.subarray(16), crc32(frame.subarray(0, 12))));
  return frame;
}

/**
 * Sees that something is refused with a typed error.
 *
 * @param code The code that it must have.
 * @param act What must be refused.
 * @param found What its message must hold.
 * @returns The error.
 */
export async function rejectsWith(
  code: Code,
  act: () => Promise<unknown>,
  found = "",
): Promise<TransferError> {
  const error = await assertRejects(act, TransferError, found);
  assertEquals(error.code, code, error.message);
  return error;
}
