import { assertEquals } from "@std/assert";
import { StrangerLog } from "../lib/cli/stranger_log.ts";

Deno.test("StrangerLog gives an address one line a minute, and counts the rest", () => {
  const log = new StrangerLog();
  assertEquals(log.tell("192.0.2.1:1000", 0), 0);
  assertEquals(log.tell("192.0.2.1:1001", 1), undefined);
  assertEquals(log.tell("192.0.2.1:1002", 59_999), undefined);
  assertEquals(log.tell("192.0.2.2:1000", 59_999), 2);
  assertEquals(log.tell("192.0.2.1:1003", 60_000), 0);
});

Deno.test("StrangerLog gives all addresses 60 lines a minute", () => {
  const log = new StrangerLog();
  let lines = 0;
  for (let number = 0; number < 10_000; number++) {
    if (
      log.tell(`[2001:db8::${number.toString(16)}]:9`, number) !== undefined
    ) {
      lines++;
    }
  }
  assertEquals(lines, 60);
  assertEquals(log.tell("192.0.2.1:9", 100_000), 9_940);
});
