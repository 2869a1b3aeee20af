import { assertEquals, assertInstanceOf } from "@std/assert";
import { BarView } from "../../../lib/cli/report/bar.ts";
import { PlainView } from "../../../lib/cli/report/progress.ts";
import { progressView } from "../../../lib/cli/report/progress_view.ts";
import { printed } from "../../support/printed.ts";

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

/** Chooses a view where stderr is a terminal of that type, or none. */
async function viewOn(terminal: string | undefined, style: "auto" | "bar") {
  const { isTerminal } = Deno.stderr;
  const { get } = Deno.env;
  Deno.stderr.isTerminal = () => terminal !== undefined;
  Deno.env.get = () => terminal;
  try {
    return await progressView(style, false);
  } finally {
    Deno.stderr.isTerminal = isTerminal;
    Deno.env.get = get;
  }
}

Deno.test("progress is a bar on a terminal, unless that is a dumb one and nobody asked", async () => {
  assertInstanceOf(await viewOn("xterm", "auto"), BarView);
  assertInstanceOf(await viewOn("xterm", "bar"), BarView);
  assertInstanceOf(await viewOn("dumb", "bar"), BarView);
  assertInstanceOf(await viewOn("dumb", "auto"), PlainView);
  assertInstanceOf(await progressView("plain", false), PlainView);
});

Deno.test("progress is lines where there is no terminal, even if a bar was asked for", async () => {
  assertInstanceOf(await viewOn(undefined, "auto"), PlainView);
  assertInstanceOf(await viewOn(undefined, "bar"), PlainView);
});
