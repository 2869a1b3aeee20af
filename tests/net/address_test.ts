import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { checkTarget, formatTarget, isLocal } from "../../lib/net/address.ts";

Deno.test("checkTarget() takes whatever can be an address", () => {
  const label = "x".repeat(63);
  for (
    const hostname of [
      ...["localhost", "localhost.", "a_b.example", "xn--bcher-kva.example"],
      ...["-", "127.0.0.1", "127.1", "256.1.1.1", `${label}.${label}.invalid`],
      ...[
        "::",
        "::1",
        "[::1]",
        "::ffff:192.0.2.1",
        "fe80::1%eth0",
        "FE80::1%2",
      ],
    ]
  ) {
    for (const port of [0, 1, 65_535]) checkTarget({ hostname, port });
  }
  checkTarget({ transport: "unix", path: "/run/a@b" });
});

Deno.test("checkTarget() refuses what can be none, as a wrong use", () => {
  const refused = (hostname: string, port: number) => {
    const error = assertThrows(
      () => checkTarget({ hostname, port }),
      TransferError,
    );
    assertEquals([error.code, error.retriable], ["usage", false]);
    return error.message;
  };
  for (
    const hostname of [
      ...["", ".", ".a", "a..b", "a b", "a/b", "user@host", "h%x", "bücher.de"],
      ...["a:b", "1:2", "1:2:3:4:5:6:7:8:9", "[::1]x", "[]", "::1\x1b[2J"],
    ]
  ) {
    assertEquals(
      refused(hostname, 9),
      `Cannot connect to ${formatTarget({ hostname, port: 9 })}: ` +
        "no host can be called that",
    );
  }
  for (const port of [-1, 1.5, 65_536, 70_000, NaN, Infinity]) {
    assertEquals(
      refused("h", port),
      `Cannot connect to h:${port}: a port is a whole number from 0 to 65535`,
    );
  }
});

Deno.test("formatTarget() writes an address as people type it", () => {
  assertEquals(formatTarget({ hostname: "localhost", port: 1 }), "localhost:1");
  assertEquals(formatTarget({ hostname: "::1", port: 9000 }), "[::1]:9000");
  assertEquals(formatTarget({ transport: "unix", path: "/a/b" }), "unix:/a/b");
  assertEquals(
    formatTarget({ transport: "unix", path: "/a\x1b[2J" }),
    "unix:/a\\u{1b}[2J",
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
