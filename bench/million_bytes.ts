// deno-lint-ignore-file no-console -- a script
/**
 * The million bytes as a check: the demo's three ways, with an exit code.
 *
 * Fails when the right closing protocol lost a byte in any run, or a verified
 * transfer ended without a receipt. That writing and closing loses bytes is
 * shown, not required: it is the kernel's doing, and a matter of timing.
 *
 * ```sh
 * deno task bench
 * ```
 *
 * @module
 */

import { runDemo } from "../lib/cli/run/demo.ts";

const rows = await runDemo();
const faults: string[] = [];
for (const { way, runs, complete, receipts } of rows) {
  if (way === "close") continue;
  if (complete < runs) {
    faults.push(`${way}: ${runs - complete} runs lost bytes`);
  }
  if (way === "verified" && receipts < runs) {
    faults.push(`${way}: ${runs - receipts} runs without a receipt`);
  }
}
for (const fault of faults) console.error(fault);
console.log(faults.length > 0 ? "\nFAILED" : "\nok");
Deno.exitCode = faults.length > 0 ? 1 : 0;
