/**
 * Which progress is shown: a bar on a terminal, lines elsewhere.
 *
 * @module
 */

import type { ProgressStyle } from "../parse/common_options.ts";
import { PlainView, type ProgressView } from "./progress.ts";

/**
 * Chooses how to show progress. A bar needs a terminal, and one that is only as
 * good as a teleprinter gets it where it was asked for.
 *
 * @param style What was asked for.
 * @param quiet Whether nothing is to be shown.
 * @returns The view.
 */
export async function progressView(
  style: ProgressStyle,
  quiet: boolean,
): Promise<ProgressView> {
  if (quiet || style === "none") return { update() {}, clear() {}, stop() {} };
  const bar = style === "bar" || (style === "auto" && !isDumb());
  if (!bar || !Deno.stderr.isTerminal()) return new PlainView();
  const { BarView } = await import("./bar.ts");
  return new BarView();
}

function isDumb(): boolean {
  // Not worth a question: most terminals are not.
  const { state } = Deno.permissions.querySync({
    name: "env",
    variable: "TERM",
  });
  return state === "granted" && Deno.env.get("TERM") === "dumb";
}
