import { assertEquals } from "@std/assert";
import { RejectionLog } from "../../../lib/cli/report/rejection_log.ts";

Deno.test("RejectionLog gives an address five lines a minute, and counts the rest", () => {
  const log = new RejectionLog();
  for (let port = 1; port <= 5; port++) {
    assertEquals(log.count(`192.0.2.1:${port}`, port), 0);
  }
  assertEquals(log.count("192.0.2.1:6", 6), undefined);
  assertEquals(log.count("192.0.2.1:7", 60_000), undefined);
  assertEquals(log.count("192.0.2.2:1", 60_000), 2);
  assertEquals(log.count("192.0.2.1:8", 60_001), 0);
});

Deno.test("RejectionLog gives all addresses 60 lines a minute", () => {
  const log = new RejectionLog();
  let lines = 0;
  for (let number = 0; number < 10_000; number++) {
    const peer = `[2001:db8::${number.toString(16)}]:9`;
    if (log.count(peer, number) !== undefined) lines++;
  }
  assertEquals(lines, 60);
  assertEquals(log.count("192.0.2.1:9", 100_000), 9_940);
});
