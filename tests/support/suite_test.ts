import { assert, assertEquals } from "@std/assert";
import { ROOT } from "./children.ts";
import { ALONE, APART, groupsOf, testFiles } from "./suite.ts";

Deno.test("every test file is run once: in a group, apart, or alone with a reason", () => {
  const files = testFiles(ROOT);
  const grouped = [...groupsOf(files).values()].flat();
  const all = [...grouped, ...APART, ...Object.keys(ALONE)];
  assertEquals(all.sort(), files);
  for (const reason of Object.values(ALONE)) assert(reason.length > 10);
});
