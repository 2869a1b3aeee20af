import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { isLocal, listen, targetOf, visitorOf } from "../../lib/net/listen.ts";
import { tempDir } from "../support/helpers.ts";

Deno.test("listen() takes any free port of this machine by default", async () => {
  using listener = listen({});
  const target = targetOf(listener.addr);
  if (target.transport === "unix") throw new Error("not TCP");
  assertEquals(target.hostname, "127.0.0.1");
  using conn = await Deno.connect({ port: target.port });
  using accepted = await listener.accept();
  const { peer, host } = visitorOf(accepted);
  const { port } = conn.localAddr as Deno.NetAddr;
  assertEquals([peer, host], [`127.0.0.1:${port}`, "127.0.0.1"]);
});

Deno.test("listen() takes a Unix socket, whose visitors have no name", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/socket`;
  using listener = listen({ path });
  assertEquals(targetOf(listener.addr), { transport: "unix", path });
  using _conn = await Deno.connect({ transport: "unix", path });
  using accepted = await listener.accept();
  assertEquals(visitorOf(accepted).peer, "a local process");
});

Deno.test("listen() throws bind where somebody else listens", () => {
  using listener = listen({});
  const { port } = listener.addr as Deno.NetAddr;
  const error = assertThrows(() => listen({ port }), TransferError);
  assertEquals(error.code, "bind");
  assertEquals(
    error.message,
    `Cannot listen on 127.0.0.1:${port}: another program listens there already`,
  );
});

Deno.test("isLocal() is true for loopback and Unix sockets alone", () => {
  for (const hostname of ["127.0.0.1", "127.9.9.9", "::1", "localhost"]) {
    assertEquals(isLocal({ hostname, port: 0 }), true);
  }
  for (
    const hostname of [
      ...["0.0.0.0", "::", "192.0.2.1", "10.0.0.1", "example.com", ""],
      // Names that only look like it may stand for anything.
      ...[
        "127.0.0.1.example.com",
        "localhost.example.com",
        "127.1",
        "1127.0.0.1",
      ],
    ]
  ) assertEquals(isLocal({ hostname, port: 0 }), false);
  assertEquals(isLocal({ transport: "unix", path: "/run/s" }), true);
});
