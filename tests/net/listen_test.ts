import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { targetOf } from "../../lib/net/address.ts";
import { isExposed, listen, peerOf } from "../../lib/net/listen.ts";
import { tempDir } from "../support/helpers.ts";

Deno.test("listen() takes any free port of this machine by default", async () => {
  using listener = listen({});
  const target = targetOf(listener.addr);
  if (target.transport === "unix") throw new Error("not TCP");
  assertEquals(target.hostname, "127.0.0.1");
  using conn = await Deno.connect({ port: target.port });
  using accepted = await listener.accept();
  const { address, host } = peerOf(accepted);
  const { port } = conn.localAddr as Deno.NetAddr;
  assertEquals([address, host], [`127.0.0.1:${port}`, "127.0.0.1"]);
});

Deno.test("listen() takes a Unix socket, whose peers have no address", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/socket`;
  using listener = listen({ path });
  assertEquals(targetOf(listener.addr), { transport: "unix", path });
  using _conn = await Deno.connect({ transport: "unix", path });
  using accepted = await listener.accept();
  assertEquals(peerOf(accepted).address, "a local process");
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

Deno.test("isExposed() is true where others reach it, and neither a secret nor insecure is given", () => {
  const others = { hostname: "192.0.2.1", port: 1 };
  const local = { hostname: "127.0.0.1", port: 1 };
  for (
    const [target, secured, insecure, exposed] of [
      [others, false, false, true],
      [others, true, false, false],
      [others, false, true, false],
      [local, false, false, false],
      [{ transport: "unix", path: "/s" }, false, false, false],
    ] as const
  ) assertEquals(isExposed(target, { secured, insecure }), exposed);
});
