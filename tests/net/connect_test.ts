import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { formatTarget, type Target } from "../../lib/net/address.ts";
import { connect, connectSocket, notConnected } from "../../lib/net/connect.ts";
import { hangUp } from "../../lib/net/half_close.ts";
import { freePort } from "../support/free_port.ts";
import { tempDir, utf8 } from "../support/helpers.ts";

const PATIENCE = { connectTimeout: 10_000 };

/** Both ways to connect; what holds for one holds for the other. */
const WAYS = [connect, connectSocket];

/** Sees both ways reject with `connect` and a message that begins so. */
async function refused(
  target: Target,
  begin: string,
  connectTimeout = 10_000,
): Promise<void> {
  for (const way of WAYS) {
    const error = await assertRejects(
      () => way(target, { connectTimeout }),
      TransferError,
    );
    assertEquals([error.code, error.retriable], ["connect", true]);
    assert(error.cause instanceof Error);
    assertEquals(error.message.slice(0, begin.length), begin);
  }
}

Deno.test("connect() gives a connection in both directions", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const [conn, peer] = await Promise.all([
    connect({ hostname, port }, PATIENCE),
    listener.accept(),
  ]);
  const bounds = { silence: 10_000, total: 10_000 };
  const ends = [hangUp(conn, bounds), hangUp(peer, bounds)];
  assertEquals(await Promise.all(ends), [0, 0]);
});

Deno.test("connect() reaches a Unix socket", async () => {
  await using dir = await tempDir();
  const at = { transport: "unix", path: `${dir.path}/socket` } as const;
  using listener = Deno.listen(at);
  const [conn, peer] = await Promise.all([
    connect(at, PATIENCE),
    listener.accept(),
  ]);
  await conn.write(utf8("x"));
  assertEquals(await peer.read(new Uint8Array(9)), 1);
  conn.close();
  peer.close();
});

Deno.test("connect() rejects with connect where nobody listens", async () => {
  const port = freePort();
  await refused(
    { hostname: "127.0.0.1", port },
    `Cannot connect to 127.0.0.1:${port}: nobody listens there (connection refused)`,
  );
});

Deno.test("connect() rejects with connect where there is no socket", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/none`;
  await refused(
    { transport: "unix", path },
    `Cannot connect to unix:${path}: there is no such socket`,
  );
});

Deno.test("connect() rejects with connect for a host that there is not", async () => {
  // RFC 6761 section 6.4: .invalid never resolves.
  const target = { hostname: "nobody.invalid", port: 9 };
  await refused(target, "Cannot connect to nobody.invalid:9: ");
});

Deno.test("notConnected() says that there is no such host, whoever looked", () => {
  const words = [
    "failed to lookup address information: Name or service not known",
    "failed to lookup address information: nodename nor servname provided, or not known",
    "failed to lookup address information: No address associated with hostname",
    "failed to lookup address information: Name does not resolve",
    "failed to lookup address information: No such host is known. (os error 11001)",
  ].map((message) => new Error(message));
  const target = { hostname: "nobody.invalid", port: 9 };
  for (
    const cause of [
      ...words,
      Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }),
    ]
  ) {
    const { code, message, retriable } = notConnected(target, cause);
    assertEquals([code, retriable, message], [
      "connect",
      true,
      "Cannot connect to nobody.invalid:9: there is no such host",
    ]);
  }
  const later = new Error(
    "failed to lookup address information: Temporary failure in name resolution",
  );
  assert(!notConnected(target, later).message.includes("no such host"));
});

Deno.test("notConnected() is final where Deno does not allow it: asking again changes nothing", () => {
  const target = { hostname: "127.0.0.1", port: 9 };
  const cause = new Deno.errors.NotCapable("Requires net access");
  const { code, retriable } = notConnected(target, cause);
  assertEquals([code, retriable], ["connect", false]);
});

/** Fills a listener's queue until it answers nobody any more. */
async function deafListener(): Promise<
  Disposable & { target: Target & { port: number } }
> {
  const hostname = "127.0.0.1";
  const listener = Deno.listen({ hostname, port: 0, tcpBacklog: 1 });
  const { port } = listener.addr;
  const waiting: Deno.Conn[] = [];
  for (;;) {
    const signal = AbortSignal.timeout(200);
    try {
      waiting.push(await Deno.connect({ hostname, port, signal }));
    } catch (error) {
      assertStrictEquals(error, signal.reason);
      break;
    }
  }
  return {
    target: { hostname, port },
    [Symbol.dispose]() {
      for (const conn of waiting) conn.close();
      listener.close();
    },
  };
}

Deno.test("connect() gives up in time when nobody answers", async () => {
  using deaf = await deafListener();
  const message = `Cannot connect to ${
    formatTarget(deaf.target)
  }: nobody answered within 0.05 s`;
  await refused(deaf.target, message, 50);
});

Deno.test("connect() rejects with the signal's reason while it waits", async () => {
  using deaf = await deafListener();
  const [controller, reason] = [new AbortController(), new RangeError("no")];
  const options = { ...PATIENCE, signal: controller.signal };
  const connecting = WAYS.map((way) =>
    assertRejects(() => way(deaf.target, options), RangeError)
  );
  controller.abort(reason);
  for (const one of connecting) assertStrictEquals(await one, reason);
});

Deno.test("connect() does not try when it was aborted before", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/socket`;
  using _unix = Deno.listen({ transport: "unix", path });
  using tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const signal = AbortSignal.abort(new RangeError("no"));
  for (
    const target of [
      { hostname: "127.0.0.1", port: tcp.addr.port },
      { transport: "unix", path },
    ] as const
  ) {
    for (const way of WAYS) {
      await assertRejects(
        () => way(target, { ...PATIENCE, signal }),
        RangeError,
      );
    }
  }
});

Deno.test("connect() takes no limit for no limit", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const options = { connectTimeout: Infinity };
  const conn = await connect({ hostname, port }, options);
  using peer = await listener.accept();
  await conn.write(utf8("x"));
  assertEquals(await peer.read(new Uint8Array(9)), 1);
  conn.close();
  const socket = await connectSocket({ hostname, port }, options);
  using other = await listener.accept();
  socket.end("xy");
  assertEquals(await other.read(new Uint8Array(9)), 2);
  socket.destroy();
});
