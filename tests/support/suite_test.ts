import { assert, assertEquals } from "@std/assert";
import { ROOT } from "./children.ts";
import { APART, groupsOf, testFiles } from "./suite.ts";

Deno.test("every test file is run once: in a group, or apart for a reason", () => {
  const files = testFiles(ROOT);
  const grouped = [...groupsOf(files).values()].flat();
  const all = [...grouped, ...Object.keys(APART)];
  assertEquals(all.sort(), files);
  for (const reason of Object.values(APART)) assert(reason.length > 10);
});
