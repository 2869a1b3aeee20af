import { assertEquals } from "@std/assert";
import { isLocal } from "../lib/local.ts";

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
