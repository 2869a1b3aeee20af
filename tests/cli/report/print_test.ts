import { assertEquals } from "@std/assert";
import { printNote, printResult } from "../../../lib/cli/report/print.ts";
import { printed } from "../../support/printed.ts";

Deno.test("a result is a line on stdout, a note one on stderr", async () => {
  const found = await printed(() => {
    printResult('{"event":"%d"}');
    printNote("halfclose: 100 %s");
  });
  assertEquals(found, {
    stdout: ['{"event":"%d"}'],
    stderr: ["halfclose: 100 %s"],
  });
});
