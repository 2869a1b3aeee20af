#!/usr/bin/env -S deno run --allow-read --allow-write --allow-net --allow-env=HALFCLOSE_KEY,TERM
/**
 * The program: `halfclose send`, `receive`, `keygen` and `demo`.
 *
 * @example Send a file and wait for the proof of its delivery
 * ```sh
 * deno run -P cli.ts send photo.jpg 192.0.2.7:9000
 * ```
 *
 * @module
 */

import { main } from "./lib/cli/main.ts";

if (import.meta.main) {
  const code = await main(Deno.args);
  // A read of stdin that is still pending must not keep the program, nor a
  // write that nobody reads.
  Deno.exit(code);
}
