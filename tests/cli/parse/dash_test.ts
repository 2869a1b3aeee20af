import { assertEquals } from "@std/assert";
import { withDash } from "../../../lib/cli/parse/dash.ts";

for (
  const [typed, tied] of [
    ["--reply - a", "--reply=- a"],
    ["--json - a", "--json - a"],
    ["--reply x - a", "--reply x - a"],
    ["--reply=x - a", "--reply=x - a"],
    ["-- --reply - a", "-- --reply - a"],
    ["- a", "- a"],
  ] as const
) {
  Deno.test(`withDash(): ${typed}`, () => {
    assertEquals(withDash(typed.split(" "), ["reply"]), tied.split(" "));
  });
}
