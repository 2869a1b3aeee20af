/**
 * A receiver with a key, and what nobody without it may change.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { TransferError } from "../../lib/base/errors.ts";
import { generateKey, parseKey } from "../../lib/security/key.ts";
import { keyMaterialOf } from "../../lib/security/key_material.ts";
import type { ServeOptions } from "../../lib/server/options.ts";
import { serve } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { noise } from "./helpers.ts";

/** What both sides have. */
export const KEY = generateKey();
export const SECRET = parseKey(KEY);

/** The same, as it is used. */
export const KEYED = keyMaterialOf(SECRET);

/** Time enough to hang up. */
export const ENDING = { silence: 5_000, total: 5_000 };

/** A server with the key, and every sign that somebody got in. */
export function listening(options: Partial<ServeOptions> = {}) {
  const sink = memorySink();
  const opened: string[] = [];
  const errors: TransferError[] = [];
  const server = serve({
    sink: { open: (entry) => (opened.push(entry.name), sink.open(entry)) },
    key: KEY,
    onError: (error) => errors.push(error),
    ...options,
  });
  assert("port" in server.addr);
  return { server, target: server.addr, opened, errors, sink };
}

/** What nobody without the key may have changed. */
export async function healthy(
  { server, opened }: ReturnType<typeof listening>,
): Promise<void> {
  assertEquals(opened, []);
  await send(noise(10), server.addr, { key: KEY, name: "healthy" });
  assertEquals(opened, ["healthy"]);
}
