/**
 * Which progress is shown: a bar on a terminal, lines elsewhere.
 *
 * @module
 */

import type { ProgressStyle } from "./parse.ts";
import { PlainView, type ProgressView } from "./progress.ts";

/**
 * Chooses how to show progress.
 *
 * @param style What was asked for.
 * @param quiet Whether nothing is to be shown.
 * @returns The view.
 */
export async function progressView(
  style: ProgressStyle,
  quiet: boolean,
): Promise<ProgressView> {
  const auto = Deno.stderr.isTerminal() ? "bar" : "plain";
  const chosen = quiet ? "none" : style === "auto" ? auto : style;
  if (chosen === "bar") {
    const { BarView } = await import("./bar.ts");
    return new BarView();
  }
  if (chosen === "plain") return new PlainView();
  return { update() {}, clear() {}, stop() {} };
}
