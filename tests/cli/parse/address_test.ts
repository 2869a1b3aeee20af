import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { parseListen, parseTarget } from "../../../lib/cli/parse/address.ts";

const tcp = (hostname: string, port: number) => ({ hostname, port });
const unix = (path: string) => ({ transport: "unix", path });

for (
  const [text, target] of [
    ["localhost:9000", tcp("localhost", 9000)],
    ["192.0.2.1:1", tcp("192.0.2.1", 1)],
    ["a-b.example:65535", tcp("a-b.example", 65535)],
    ["[::1]:9000", tcp("::1", 9000)],
    ["[fe80::1%eth0]:9000", undefined],
    ["unix:/run/a.sock", unix("/run/a.sock")],
    ["unix:a:1", unix("a:1")],
    ["unix:", undefined],
    ["9000", undefined],
    ["localhost", undefined],
    ["localhost:", undefined],
    [":9000", undefined],
    ["localhost:0", undefined],
    ["localhost:65536", undefined],
    ["localhost:-1", undefined],
    ["localhost:9e3", undefined],
    ["localhost:٣", undefined],
    ["::1:9000", undefined],
    ["[::1]", undefined],
    ["a b:9000", undefined],
    ["http://localhost:9000", undefined],
    ["", undefined],
  ] as const
) {
  Deno.test(`parseTarget() ${target ? "reads" : "refuses"} ${JSON.stringify(text)}`, () => {
    if (target) return assertEquals<unknown>(parseTarget(text), target);
    const error = assertThrows(() => parseTarget(text), TransferError);
    assertEquals(error.code, "usage");
    assertEquals(error.message.includes("HOST:PORT"), true);
  });
}

for (
  const [text, target] of [
    ["9000", tcp("127.0.0.1", 9000)],
    ["0", tcp("127.0.0.1", 0)],
    ["0.0.0.0:0", tcp("0.0.0.0", 0)],
    ["[::]:9000", tcp("::", 9000)],
    ["unix:/run/a.sock", unix("/run/a.sock")],
    ["65536", undefined],
    ["-1", undefined],
    ["host", undefined],
    ["", undefined],
  ] as const
) {
  Deno.test(`parseListen() ${target ? "reads" : "refuses"} ${JSON.stringify(text)}`, () => {
    if (target) return assertEquals<unknown>(parseListen(text), target);
    const error = assertThrows(() => parseListen(text), TransferError);
    assertEquals(error.code, "usage");
  });
}

Deno.test("an address is escaped in the message", () => {
  assertThrows(() => parseTarget("\x1b[2J"), TransferError, '"\\u{1b}[2J"');
});
