/**
 * Transfers that were interrupted, and what they left.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { serve } from "../../lib/server/serve.ts";
import { directorySink } from "../../lib/sink/disk/mod.ts";
import type { Source } from "../../lib/source/item.ts";
import { send, type SendOptions } from "../../lib/transfer/sender/send.ts";
import { noise, tree } from "../support/helpers.ts";
import { FaultProxy } from "./proxy.ts";

/** The length of a block of proof. */
export const MIB = 1_048_576;
/** Three blocks of proof and a bit. */
export const BYTES = noise(3 * MIB + 12_345);

/**
 * Sends most of some bytes and is cut off.
 *
 * @param dir Where they go.
 * @param name Their name there.
 * @param bytes More than is started over.
 * @param cutAfter How many bytes pass.
 * @returns The path of the partial.
 */
export async function interrupted(
  dir: string,
  name: string,
  bytes: Uint8Array,
  cutAfter = Math.floor(bytes.length * 0.9),
): Promise<string> {
  const before = await tree(dir);
  await using server = serve({ sink: directorySink(dir), onError() {} });
  await using proxy = await FaultProxy.to(server.addr, { up: { cutAfter } });
  try {
    await send(bytes, proxy.addr, { name, limitRate: 1e8 });
  } catch (error) {
    assert(error instanceof TransferError, String(error));
  }
  await server.shutdown();
  const left = (await tree(dir)).filter((one) => !before.includes(one));
  assertEquals(left.length, 1, `one partial: ${left.join()}`);
  assert(left[0]!.startsWith(".halfclose-"), left[0]);
  return `${dir}/${left[0]}`;
}

/** Sends through a proxy that counts; what came of it. */
export async function deliver(
  dir: string,
  source: Source,
  options: SendOptions = {},
) {
  await using server = serve({ sink: directorySink(dir), onError() {} });
  await using proxy = await FaultProxy.to(server.addr);
  const receipt = await send(source, proxy.addr, { name: "a", ...options });
  const moved = proxy.links
    .flatMap(({ up }) => up).reduce((sum, { length }) => sum + length, 0);
  return { receipt, moved, found: await Deno.readFile(`${dir}/a`) };
}

/** How many partials of more than a block are there. */
export async function partials(dir: string): Promise<number> {
  let count = 0;
  for (const name of await tree(dir)) {
    if (!name.startsWith(".halfclose-")) continue;
    if ((await Deno.stat(`${dir}/${name}`)).size >= MIB) count++;
  }
  return count;
}
