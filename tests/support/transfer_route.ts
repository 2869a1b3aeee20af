/**
 * What the tests of whole transfers share: the way from a source to a name at
 * the other end.
 *
 * @module
 */

import type { ServeOptions } from "../../lib/server/options.ts";
import { serve } from "../../lib/server/serve.ts";
import type { ConflictPolicy } from "../../lib/sink/conflict.ts";
import { directorySink } from "../../lib/sink/disk/mod.ts";
import { noise, tempDir } from "./helpers.ts";

/** A small source. */
export const BYTES = noise(1_000);

/** A place to send from, a place to land in, and a receiver between them. */
export async function route(
  options: Partial<ServeOptions> & { onConflict?: ConflictPolicy } = {},
) {
  const dir = await tempDir();
  const [from, to] = [`${dir.path}/from`, `${dir.path}/to`];
  await Deno.mkdir(from);
  await Deno.mkdir(to);
  const { onConflict = "refuse", ...rest } = options;
  const errors: string[] = [];
  const server = serve({
    sink: directorySink(to, { onConflict }),
    onError: (error) => errors.push(error.code),
    ...rest,
  });
  return {
    from,
    to,
    server,
    errors,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Bytes in pieces of odd sizes, empty ones among them. */
export async function* odd(bytes: Uint8Array) {
  const sizes = [1, 0, 65_537, 3, 300_001, 0, 7];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
