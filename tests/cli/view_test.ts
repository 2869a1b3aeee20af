import { assertEquals, assertInstanceOf } from "@std/assert";
import { BarView } from "../../lib/cli/bar.ts";
import { PlainView } from "../../lib/cli/progress.ts";
import { progressView } from "../../lib/cli/view.ts";
import { printed } from "../printed.ts";

for (
  const [style, quiet] of [
    ["none", false],
    ["plain", true],
    ["bar", true],
    ["auto", true],
  ] as const
) {
  Deno.test(`progress ${style}${quiet ? " and quiet" : ""} shows nothing`, async () => {
    const view = await progressView(style, quiet);
    const { stdout, stderr } = await printed(() => {
      view.update({ phase: "receiving", bytes: 1, total: 2 });
      view.clear();
      view.stop();
    });
    assertEquals([stdout, stderr], [[], []]);
  });
}

Deno.test("progress is lines or a bar, as asked", async () => {
  assertInstanceOf(await progressView("plain", false), PlainView);
  assertInstanceOf(await progressView("bar", false), BarView);
});
